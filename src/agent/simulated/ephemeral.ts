// Containers that `kubectl debug` adds to a pod that runs: on a simulated node they run as soon as they are seen, and as
// long as the pod does.
import { type ContainerStatus, formatTime, type Pod, type PodStatus } from '../../api/index.ts';

/** Their statuses, or undefined where there are none; what was reported before stays. */
export function ephemeralStatuses(
  { spec, status }: Pod,
  now: number,
  newContainerId: () => string,
): PodStatus['ephemeralContainerStatuses'] {
  const containers = spec.ephemeralContainers ?? [];
  if (containers.length === 0) return undefined;
  const reported = new Map((status?.ephemeralContainerStatuses ?? []).map((entry) => [entry.name, entry] as const));
  return containers.map(
    ({ name, image = '' }): ContainerStatus =>
      reported.get(name) ?? {
        name,
        image,
        imageID: `simulated://${image}`,
        containerID: `simulated://${newContainerId()}`,
        ready: false,
        restartCount: 0,
        state: { running: { startedAt: formatTime(now) } },
        lastState: {},
      },
  );
}
