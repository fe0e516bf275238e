// What the ends of containers mean: told as events where one waits for its next start, and, all together, for a pod that
// was asked to go. The messages that they leave are exit-messages.ts.
import type { Pod, Stored } from '../../api/index.ts';
import { type ContainerRecord, restartAt } from '../../core/pod/index.ts';
import type { TellPod } from './context.ts';

/** Tells of each container that ended since `before` and waits for its next start. */
export function tellBackOffs(
  tell: TellPod,
  pod: Stored<Pod>,
  before: readonly ContainerRecord[],
  records: readonly ContainerRecord[],
  now: number,
): void {
  const { name, namespace, uid } = pod.metadata;
  for (const [index, record] of records.entries()) {
    const due = record === before[index] ? undefined : restartAt(pod.spec, record);
    if (due === undefined || due <= now) continue;
    const which = `${record.name} in pod ${name}_${namespace}(${uid})`;
    tell(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${which}`);
  }
}

/** What a pod that was deleted ends as (kubelet: TerminatePod): failed unless each container did what it was to do. */
export function finalPhase(records: readonly ContainerRecord[]): 'Succeeded' | 'Failed' {
  const main = records.filter(({ kind }) => kind === 'main');
  return main.every(({ attempt }) => attempt.is === 'exited' && attempt.exit.exitCode === 0) ? 'Succeeded' : 'Failed';
}
