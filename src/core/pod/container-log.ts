// Which container's log is meant, and what is said when there is none: the container now, or the one before its last
// restart (kubelet.validateContainerLogStatus).
import type { ContainerStatus } from '../../api/index.ts';

export type LogChoice =
  /** `runtime://id` of a container that is or was. */
  | { readonly containerId: string }
  /** In the kubelet's words; the client's request cannot be served as things are. */
  | { readonly refusal: string };

/** @param status of the container that is named; undefined while the node says nothing of it. */
export function chooseLog(
  pod: string,
  container: string,
  status: ContainerStatus | undefined,
  previous: boolean,
): LogChoice {
  const refuse = (what: string): LogChoice => ({ refusal: `container "${container}" in pod "${pod}" ${what}` });
  if (status === undefined) return refuse('is not available');
  const before = status.lastState?.terminated?.containerID ?? '';
  if (previous)
    return before === ''
      ? { refusal: `previous terminated container "${container}" in pod "${pod}" not found` }
      : { containerId: before };
  const { running, terminated, waiting } = status.state ?? {};
  if (running !== undefined) return { containerId: status.containerID ?? '' };
  // Waiting for its next start, or never made: the last one that ran has the log.
  const ended = terminated?.containerID ?? '';
  if (ended !== '' || before !== '') return { containerId: ended === '' ? before : ended };
  if (terminated !== undefined) return refuse('is terminated');
  if (waiting?.reason === 'ErrImagePull') return refuse("is waiting to start: image can't be pulled");
  if (waiting?.reason === 'ImagePullBackOff') return refuse('is waiting to start: trying and failing to pull image');
  if (waiting?.reason !== undefined) return refuse(`is waiting to start: ${waiting.reason}`);
  return refuse('is waiting to start - no logs yet');
}
