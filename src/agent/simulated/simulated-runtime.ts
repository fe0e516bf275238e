// What simulated containers answer to `kubectl logs`: a few lines that say what the simulation has done with them, the same
// each time they are asked. Nothing runs in them, so there is nothing to exec into, to attach or to connect to.
import { type ContainerStatus, type Pod, StatusError, type Stored, type PodStatus } from '../../api/index.ts';
import { chooseLog } from '../../core/pod/index.ts';
import { type Clock, sleep } from '../../machinery/index.ts';
import type { LogOptions, PodRuntime, PodTarget } from '../kubelet-api/index.ts';
import { createLogPrinter, type LogLine } from '../logs/index.ts';

/** How often a followed log is looked at for more. */
const followPollMs = 500;

/** A pod that somebody looks at, as long as it is there. */
export interface SimulatedView {
  readonly pod: Stored<Pod>;
  /** Undefined once the pod has gone. */
  readonly status: () => PodStatus | undefined;
}

export function createSimulatedRuntime(
  clock: Clock,
  find: (target: PodTarget) => SimulatedView | undefined,
): PodRuntime {
  const seen = (target: PodTarget): SimulatedView => {
    const view = find(target);
    if (view === undefined) throw new StatusError('NotFound', `pod "${target.pod}" runs on no simulated node`);
    return view;
  };
  const refuse = (target: PodTarget, what: string): never => {
    const node = seen(target).pod.spec.nodeName ?? '';
    throw new StatusError(
      'BadRequest',
      `pod ${target.pod} runs on simulated node ${node}, where containers have no processes: there is nothing to ${what}`,
    );
  };
  return {
    async logs(target, options, signal) {
      const { pod, container } = target;
      const { pod: object, status } = seen(target);
      const choose = () => statusOf(status(), container);
      const choice = chooseLog(pod, container, choose(), options.previous);
      if ('refusal' in choice) throw new StatusError('BadRequest', choice.refusal);
      const lines = () => linesOf(object, choose(), choice.containerId);
      const isRunning = () => choose()?.containerID === choice.containerId && choose()?.state?.running !== undefined;
      return readLines(clock, options, lines, isRunning, signal);
    },
    exec: async (target) => refuse(target, 'exec into'),
    attach: async (target) => refuse(target, 'attach to'),
    portForward: async (target) => refuse(target, 'connect to'),
  };
}

async function* readLines(
  clock: Clock,
  options: LogOptions,
  linesNow: () => readonly LogLine[],
  isRunning: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const printer = createLogPrinter(options);
  const { tailLines } = options;
  let lines = linesNow();
  let shown = tailLines === undefined ? 0 : Math.max(lines.length - tailLines, 0);
  while (!signal.aborted && !printer.isFull) {
    const running = isRunning();
    lines = linesNow();
    const text = printer.print(lines.slice(shown));
    shown = Math.max(shown, lines.length);
    if (text.length > 0) yield text;
    if (!options.follow || !running) return;
    await sleep(clock, followPollMs, signal).catch(() => undefined);
  }
}

/** What there is to say of one run of a container; nothing of a run that is forgotten. */
function linesOf({ metadata, spec }: Stored<Pod>, status: ContainerStatus | undefined, id: string): readonly LogLine[] {
  if (status === undefined) return [];
  const { state = {}, lastState = {}, name, image } = status;
  const ended = [state.terminated, lastState.terminated].find((each) => each?.containerID === id);
  const startedAt = ended === undefined ? state.running?.startedAt : ended.startedAt;
  if (startedAt === undefined) return [];
  const place = `pod ${metadata.namespace}/${metadata.name} on node ${spec.nodeName}`;
  const lines = [
    lineOf(startedAt, `container ${name} of ${place} started, image ${image}`),
    lineOf(startedAt, 'this node is simulated: the container runs no process and will say nothing else'),
  ];
  if (ended?.finishedAt === undefined) return lines;
  return [
    ...lines,
    lineOf(ended.finishedAt, `container ${name} ended with exit code ${ended.exitCode} (${ended.reason})`),
  ];
}

function lineOf(time: string, text: string): LogLine {
  return { time, stream: 'stdout', isWhole: true, text: Buffer.from(text) };
}

function statusOf(status: PodStatus | undefined, name: string): ContainerStatus | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find((each) => each.name === name);
}
