// Why a pod is not ready, of what its status says: the first thing that stands in its way, for whoever asks why.
import { type ContainerStatus, findCondition, type Pod } from '../../api/index.ts';

export interface Trouble {
  /** The same for pods that suffer from the same: no names, no times. */
  readonly short: string;
  /** With what was said about it. */
  readonly long: string;
}

/** What every start goes through. */
const ordinary: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

/** Undefined for a pod that is ready, and for one of which nothing is known yet. */
export function troubleOf({ status = {} }: Pod): Trouble | undefined {
  const condition = (type: string) => findCondition(status.conditions, type);
  if (condition('Ready')?.status === 'True') return undefined;
  if (status.reason !== undefined) return trouble(status.reason, status.message);
  const scheduled = condition('PodScheduled');
  if (scheduled?.status === 'False') return trouble('not scheduled', scheduled.message);
  for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const found = containerTrouble(one);
    if (found !== undefined) return found;
  }
  // Containers are ready, the pod is not: a readiness gate, or its node.
  const ready = condition('Ready');
  return ready?.reason === undefined ? undefined : trouble(ready.reason, ready.message);
}

function containerTrouble({ name, ready, state = {}, lastState, restartCount }: ContainerStatus): Trouble | undefined {
  const { waiting, terminated, running } = state;
  const ended = terminated ?? lastState?.terminated;
  const exit = ended === undefined ? '' : `, ended with ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}`;
  if (waiting !== undefined) {
    if (waiting.reason === undefined || ordinary.has(waiting.reason)) return undefined;
    return trouble(`container ${name}: ${waiting.reason}${exit}`, waiting.message);
  }
  if (terminated !== undefined && terminated.exitCode !== 0)
    return trouble(`container ${name}${exit}`, terminated.message);
  if (running === undefined || ready) return undefined;
  const again = restartCount > 0 ? `, started again ${restartCount} times` : '';
  return { short: `container ${name} is not ready`, long: `container ${name} is not ready${again}${exit}` };
}

function trouble(short: string, said: string | undefined): Trouble {
  return { short, long: said === undefined || said === '' ? short : `${short}: ${said}` };
}
