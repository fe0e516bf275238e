// spec.activeDeadlineSeconds: how long a pod may be on its node at all (kubelet's active_deadline.go).
import type { PodSpec } from '../../api/index.ts';
import type { Decree } from './status.ts';

/** When the pod's time is over; undefined = never. */
export function deadlineMs({ activeDeadlineSeconds }: PodSpec, startedMs: number): number | undefined {
  return activeDeadlineSeconds === undefined ? undefined : startedMs + activeDeadlineSeconds * 1000;
}

export const deadlineExceeded: Decree = {
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};
