// What a node agent does next with a pod: which containers to start now, and when to look again (kubelet's
// computePodActions). Says nothing of how: a runtime carries it out and reports back with new records.
import type { ContainerRestartRule, PodSpec } from '../../api/index.ts';
import { pullDelayMs, pullErrorShownMs, refusedRetryMs, restartDelayMs } from './back-off.ts';
import { type ContainerRecord, isInit } from './container-record.ts';

export interface PodPlan {
  /** Names of containers to begin an attempt for, in order. */
  readonly start: readonly string[];
  /** Plan again at this time even if nothing happens; undefined = only when something does. */
  readonly againMs: number | undefined;
}

export function planPod(spec: PodSpec, records: readonly ContainerRecord[], now: number): PodPlan {
  const start: string[] = [];
  let againMs: number | undefined;
  const later = (ms: number) => {
    againMs = Math.min(againMs ?? ms, ms);
  };
  const consider = (record: ContainerRecord) => {
    const due = startDue(spec, record);
    if (due === undefined) return;
    if (due <= now) start.push(record.name);
    else later(due);
    // In between, the status moves from ErrImagePull to ImagePullBackOff.
    const { attempt } = record;
    if (attempt.is === 'pull-failed' && now < attempt.failedMs + pullErrorShownMs)
      later(attempt.failedMs + pullErrorShownMs);
  };

  // Whoever looks into a pod may do so while it is held up.
  for (const record of records) if (record.kind === 'ephemeral') consider(record);
  const init = records.filter(isInit);
  const main = records.filter(({ kind }) => kind === 'main');
  // Once a main container was tried, initialisation is over for good: init containers do not run again.
  const initialised = main.some(({ attempt }) => attempt.is !== 'absent');
  // What comes before the last that was tried is over too, but for sidecars, which are kept running; none holds up the next.
  const reached = initialised ? init.length : init.findLastIndex(({ attempt }) => attempt.is !== 'absent');
  for (const [index, record] of init.entries()) {
    if (index < reached && record.kind === 'init') continue;
    consider(record);
    if (index >= reached && !isInitialised(record)) return { start, againMs };
  }
  for (const record of main) consider(record);
  return { start, againMs };
}

/** The next container of the sequence may go: this one completed, or, for a sidecar, has started. */
export function isInitialised({ kind, attempt }: ContainerRecord): boolean {
  if (kind === 'sidecar') return attempt.is === 'running' && attempt.started;
  return attempt.is === 'exited' && attempt.exit.exitCode === 0;
}

/** When a new attempt is due: 0 = never tried, so at once; undefined = not, it runs or is to stay as it is. */
function startDue(spec: PodSpec, record: ContainerRecord): number | undefined {
  const { attempt } = record;
  switch (attempt.is) {
    case 'absent':
      return 0;
    case 'pull-failed':
      return attempt.failedMs + pullDelayMs(attempt.pullFailures);
    case 'refused':
      return attempt.failedMs + refusedRetryMs;
    case 'exited':
      return restartAt(spec, record);
    case 'creating':
    case 'running':
      return undefined;
  }
}

/** When an exited container starts again; undefined when its restart policy says that it does not, or it runs. */
export function restartAt(spec: PodSpec, record: ContainerRecord): number | undefined {
  const { attempt } = record;
  if (attempt.is !== 'exited' || !restarts(spec, record, attempt.exit.exitCode)) return undefined;
  return attempt.exit.finishedMs + restartDelayMs(record.exitsInARow);
}

function restarts(spec: PodSpec, { kind, name }: ContainerRecord, exitCode: number): boolean {
  if (kind === 'sidecar') return true;
  if (kind === 'ephemeral') return false;
  // An init container that completed is done, whatever the policy.
  if (kind === 'init' && exitCode === 0) return false;
  const own = (kind === 'init' ? spec.initContainers : spec.containers)?.find((container) => container.name === name);
  if ((own?.restartPolicyRules ?? []).some((rule) => isFor(rule, exitCode))) return true;
  const policy = own?.restartPolicy ?? spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restart-rules */
function isFor({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || exitCodes === undefined) return false;
  return (exitCodes.operator === 'In') === (exitCodes.values ?? []).includes(exitCode);
}
