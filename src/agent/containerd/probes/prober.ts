// Asks the probes of one pod's containers, each on its own beat, and says what they establish. A container that is
// started anew is probed anew; one that does not run is not probed.
import { type Container, type Pod, type Probe, type Stored } from '../../../api/index.ts';
import { afterAnswer, type ContainerRecord, freshProbe, type ProbeKind, probeTiming } from '../../../core/pod/index.ts';
import { sleep } from '../../../machinery/index.ts';
import type { NodeContext, TellPod } from '../context.ts';
import { bareId } from '../paths.ts';
import { ask } from './handlers.ts';

export interface Findings {
  readonly started: boolean;
  readonly ready: boolean;
}

export interface Prober {
  /** Begins with containers that run now and ends with those that do not. */
  follow(pod: Stored<Pod>, records: readonly ContainerRecord[], address: string): void;
  /** What is established of a running container; undefined when it is not followed. */
  findings(containerId: string): Findings | undefined;
  /** The pod is on its way out: whether it is ready is still asked, nothing else. */
  leave(): void;
  stop(): void;
}

export interface ProberOptions {
  readonly context: NodeContext;
  readonly tell: TellPod;
  /** Findings changed. */
  readonly changed: () => void;
  /** A startup or liveness probe failed for good: the container has to go. */
  readonly unhealthy: (container: string, containerId: string, kind: 'startup' | 'liveness') => void;
}

interface Followed {
  readonly stop: AbortController;
  started: boolean;
  ready: boolean;
}

const titles: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  readiness: 'Readiness',
  liveness: 'Liveness',
};

export function createProber({ context, tell, changed, unhealthy }: ProberOptions): Prober {
  const { clock, log } = context;
  const followed = new Map<string, Followed>();
  let leaving = false;
  const isOver = (kind: ProbeKind) => leaving && kind !== 'readiness';

  const begin = (pod: Stored<Pod>, container: Container, record: ContainerRecord, address: string) => {
    const { attempt } = record;
    if (attempt.is !== 'running') return;
    const { containerId, startedMs } = attempt;
    const entry: Followed = { stop: new AbortController(), started: attempt.started, ready: attempt.ready };
    followed.set(containerId, entry);
    const { signal } = entry.stop;
    const target = { cri: context.cri, container, containerId: bareId(containerId), address };

    /** Resolves when the probe has said its last word: to whether that was a good one. */
    const run = async (kind: ProbeKind, probe: Probe): Promise<boolean> => {
      const { initialDelayMs, periodMs, timeoutMs } = probeTiming(probe);
      await sleep(clock, Math.max(startedMs + initialDelayMs - clock.now(), 0), signal);
      let begunMs = clock.now();
      // The beat is that of the questions, however long an answer takes.
      const pause = async () => {
        await sleep(clock, Math.max(begunMs + periodMs - clock.now(), 0), signal);
        begunMs = clock.now();
      };
      for (let state = freshProbe; ; await pause()) {
        if (isOver(kind)) return false;
        const { answer, message } = await ask(probe, target, timeoutMs, signal);
        if (isOver(kind)) return false;
        const title = `${titles[kind]} probe`;
        if (answer === 'failure') tell(pod, 'Warning', 'Unhealthy', `${title} failed: ${message}`);
        if (answer === 'warning') tell(pod, 'Warning', 'ProbeWarning', `${title} warning: ${message}`);
        if (answer === 'none') {
          tell(pod, 'Warning', 'Unhealthy', `${title} errored and resulted in unknown state: ${message}`);
          continue;
        }
        state = afterAnswer(state, probe, answer === 'failure' ? 'failure' : 'success');
        const { result } = state;
        if (kind === 'readiness') {
          // Below its threshold an answer changes nothing: an adopted container stays as ready as it was.
          if (result !== undefined) find(entry, { started: entry.started, ready: result === 'success' });
        } else if (result === 'failure') {
          unhealthy(record.name, containerId, kind);
          return false;
        } else if (kind === 'startup' && result === 'success') return true;
      }
    };

    const runAll = async (): Promise<void> => {
      const { startupProbe, readinessProbe, livenessProbe } = container;
      // Until the startup probe has passed, the others are not asked.
      if (startupProbe !== undefined && !entry.started && !(await run('startup', startupProbe))) return;
      find(entry, { started: true, ready: readinessProbe === undefined || entry.ready });
      await Promise.all([
        readinessProbe === undefined ? undefined : run('readiness', readinessProbe),
        livenessProbe === undefined ? undefined : run('liveness', livenessProbe),
      ]);
    };

    runAll().catch((error: unknown) => {
      if (!signal.aborted)
        log.error('a probe ended unexpectedly', { pod: pod.metadata.name, container: record.name, error });
    });
  };

  const find = (entry: Followed, { started, ready }: Findings) => {
    if (entry.started === started && entry.ready === ready) return;
    entry.started = started;
    entry.ready = ready;
    changed();
  };

  const end = (containerId: string) => {
    followed.get(containerId)?.stop.abort();
    followed.delete(containerId);
  };

  return {
    follow(pod, records, address) {
      const containers = new Map(
        [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => [container.name, container]),
      );
      const running = new Set<string>();
      for (const record of records) {
        const container = containers.get(record.name);
        if (record.attempt.is !== 'running' || record.kind === 'init' || container === undefined) continue;
        running.add(record.attempt.containerId);
        const { startupProbe, readinessProbe, livenessProbe } = container;
        const probes = startupProbe ?? readinessProbe ?? livenessProbe;
        if (probes !== undefined && !followed.has(record.attempt.containerId)) begin(pod, container, record, address);
      }
      for (const id of followed.keys()) if (!running.has(id)) end(id);
    },
    findings: (containerId) => followed.get(containerId),
    leave() {
      leaving = true;
    },
    stop() {
      for (const id of followed.keys()) end(id);
    },
  };
}
