// One attempt to run one container: image, environment, mounts, create, start, postStart. What came of it goes into its
// record; when to try again is core/pod's to say.
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Container, type EphemeralContainer, type Pod, type Stored, StatusError } from '../../api/index.ts';
import {
  ConfigError,
  type ContainerRecord,
  containerEnvironment,
  exitAttempt,
  exitOf,
  failPull,
  refuseAttempt,
  runAttempt,
} from '../../core/pod/index.ts';
import { failureText } from '../cri/index.ts';
import { containerConfig } from './container-config.ts';
import type { NodeContext, TellPod } from './context.ts';
import { runPostStart } from './hooks.ts';
import { ensureImage, ImageRefused, PullError } from './images.ts';
import { bareId, containerLogLink, containerLogName, podLogDirectory, seccompProfiles } from './paths.ts';
import { viewOf } from './runtime.ts';
import type { RunningSandbox } from './start-sandbox.ts';
import { gracePeriodMs, stopContainer } from './stop-containers.ts';
import { containerMounts } from './volumes/container-mounts.ts';
import type { VolumePaths } from './volumes/set-up.ts';

export interface StartContext {
  readonly context: NodeContext;
  readonly pod: Stored<Pod>;
  readonly sandbox: RunningSandbox;
  readonly volumes: VolumePaths;
  readonly tell: TellPod;
  /** Of the container whose processes this one is to see, if its spec names one. */
  readonly targetId?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * @param begun the record with its attempt begun (beginAttempt).
 * @returns the record with what came of the attempt. Rejects only when the signal aborts.
 */
export async function startContainer(
  start: StartContext,
  container: EphemeralContainer,
  begun: ContainerRecord,
): Promise<ContainerRecord> {
  const { context, pod, tell, signal } = start;
  const { clock } = context;
  try {
    return await run(start, container, begun);
  } catch (error) {
    if (signal.aborted) throw error;
    const failedMs = clock.now();
    if (error instanceof PullError) {
      tell(pod, 'Warning', 'Failed', `Failed to pull image "${container.image}": ${error.message}`);
      tell(pod, 'Warning', 'Failed', 'Error: ErrImagePull');
      return failPull(begun, failedMs, error.message);
    }
    if (error instanceof ImageRefused) {
      tell(pod, 'Warning', 'Failed', `Error: ${error.reason}`);
      return refuseAttempt(begun, { reason: error.reason, message: error.message, failedMs });
    }
    const isConfig = error instanceof ConfigError || error instanceof StatusError;
    const reason = isConfig ? 'CreateContainerConfigError' : 'CreateContainerError';
    const message = failureText(error);
    tell(pod, 'Warning', 'Failed', `Error: ${message}`);
    return refuseAttempt(begun, { reason, message, failedMs });
  }
}

async function run(
  start: StartContext,
  container: EphemeralContainer,
  begun: ContainerRecord,
): Promise<ContainerRecord> {
  const { context, pod, sandbox, volumes, tell, signal } = start;
  const { cri, nodeName, paths, machine } = context;
  const attempt = begun.restartCount;
  const sources = await context.objects.sourcesFor(pod, signal);
  const tellPod = (type: 'Normal' | 'Warning', reason: string, message: string) => tell(pod, type, reason, message);
  const image = await ensureImage(context, pod, container, sources, tellPod, signal);
  const environment = containerEnvironment(container, {
    pod,
    sources,
    always: context.environment,
    hostIP: machine.hostIP,
    podIP: sandbox.ip,
    allocatable: machine.allocatable,
  });
  const mounts = await containerMounts(pod, container, attempt, paths, volumes, environment, signal);
  await mkdir(join(podLogDirectory(paths, pod), container.name), { recursive: true, mode: 0o755 });
  const config = containerConfig(pod, container, {
    nodeName,
    attempt,
    imageId: image.id,
    imageUser: image.user,
    seccompProfiles: seccompProfiles(paths),
    environment,
    mounts,
    nodeMemoryBytes: machine.memoryBytes,
    cgroups: machine.cgroups,
    ...target(container, start.targetId),
  });
  // Not cut off from here on, whatever happens to the pod: a runtime that is left half-way may keep what nobody knows of.
  const created = await cri.runtime.createContainer({
    podSandboxId: sandbox.id,
    config,
    sandboxConfig: sandbox.config,
  });
  const { containerId } = created;
  tell(pod, 'Normal', 'Created', `Created container: ${container.name}`);
  await linkLog(start, container.name, attempt, containerId);
  try {
    await cri.runtime.startContainer({ containerId });
  } catch (error) {
    if (signal.aborted) throw error;
    tell(pod, 'Warning', 'Failed', `Error: ${failureText(error)}`);
    return await notStarted(start, begun, containerId, failureText(error), image.id);
  }
  tell(pod, 'Normal', 'Started', `Started container ${container.name}`);
  const probed = container.startupProbe !== undefined;
  const running = runAttempt(begun, {
    startedMs: await startOf(start, containerId),
    containerId: `containerd://${containerId}`,
    imageId: image.id,
    started: !probed,
    ready: !probed && container.readinessProbe === undefined,
  });
  return await afterStart(start, container, running, containerId);
}

/** As the runtime noted it: whoever takes the pod over says the same, and so does its end. */
async function startOf({ context: { cri, clock } }: StartContext, containerId: string): Promise<number> {
  try {
    const { status } = await cri.runtime.containerStatus({ containerId });
    if (status !== undefined && status.startedAt > 0n) return viewOf(status, '').startedMs;
  } catch {
    // It runs, whatever the runtime can say of it.
  }
  return clock.now();
}

/** @throws ConfigError when there is no such container (yet). */
function target({ targetContainerName: name }: EphemeralContainer, id: string | undefined): { targetId?: string } {
  if (name === undefined || name === '') return {};
  if (id === undefined) throw new ConfigError(`unable to find target container ${name}`);
  return { targetId: bareId(id) };
}

/** The runtime keeps a container that did not start, ended: the crash back-off counts it. */
async function notStarted(
  { context: { cri, clock }, sandbox, signal }: StartContext,
  begun: ContainerRecord,
  containerId: string,
  message: string,
  imageId: string,
): Promise<ContainerRecord> {
  const { status } = await cri.runtime.containerStatus({ containerId }, { signal });
  const now = clock.now();
  const exit =
    status === undefined || status.finishedAt === 0n
      ? {
          exitCode: 128,
          reason: 'StartError',
          startedMs: now,
          finishedMs: now,
          containerId: `containerd://${containerId}`,
        }
      : exitOf(viewOf(status, sandbox.id));
  return exitAttempt({ ...begun, imageId }, { ...exit, message });
}

async function afterStart(
  { context, pod, sandbox, tell, signal }: StartContext,
  container: Container,
  running: ContainerRecord,
  containerId: string,
): Promise<ContainerRecord> {
  const address = sandbox.ip;
  const outcome = await runPostStart(context, { container, containerId, address }, signal);
  if (outcome === undefined || outcome.answer === 'success') return running;
  const { clock, log } = context;
  const { name } = container;
  // What the hook answered is not for everybody who may read events.
  tell(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
  log.warn('a postStart hook failed', { pod: pod.metadata.name, container: name, why: outcome.message });
  // It ends, as any other, and its restart policy says what then.
  const deadlineMs = clock.now() + gracePeriodMs(pod.spec);
  const stopping = { context, pod, address, tell, signal, deadlineMs };
  await stopContainer(stopping, { id: `containerd://${containerId}`, name }, { message: 'FailedPostStartHook' });
  return running;
}

/** /var/log/containers/<pod>_<namespace>_<container>-<id>.log, where log collectors look. */
async function linkLog(
  { context: { paths }, pod }: StartContext,
  name: string,
  attempt: number,
  containerId: string,
): Promise<void> {
  await mkdir(paths.containerLogs, { recursive: true, mode: 0o755 });
  const link = containerLogLink(paths, pod, name, `containerd://${containerId}`);
  await rm(link, { force: true });
  await symlink(join(podLogDirectory(paths, pod), containerLogName(name, attempt)), link);
}
