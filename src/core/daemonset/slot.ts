// One node's place in one DaemonSet: the node, its pods, what was sent and not yet seen, and what was made of it last
// (assess.ts decides that). Data only.
import type { Backoff } from './backoff.ts';
import type { CreateReason, DeleteReason } from './plan.ts';
import type { Verdict } from './placement.ts';
import type { NodeView, PodView } from './views.ts';

export interface Creating {
  readonly name: string;
  readonly revision: string;
  readonly reason: CreateReason;
  readonly sentAt: number;
}

export interface Slot {
  readonly name: string;
  /** Absent when the node does not exist (any more). */
  node: NodeView | undefined;
  verdict: Verdict | undefined;
  /** The node's wave in the rollout, where a policy has waves. */
  wave: number | undefined;
  /** Pods of the DaemonSet on this node or pinned to it, as last seen. */
  pods: readonly PodView[];
  /** A create that was sent and whose pod was not seen yet. */
  creating: Creating | undefined;
  /** UIDs of pods whose deletion was sent and not seen yet, with the time of sending. */
  deleting: ReadonlyMap<string, number>;
  backoff: Backoff | undefined;
  /** When a pod here last turned ready, as its agent said: then the node was alive. */
  aliveAt: number;
  /** Tells apart names that turned out to be taken by somebody else's pod. */
  salt: number;
  assessment: Assessment;
}

export type SlotState =
  /** No pod, and none wanted. */
  | 'idle'
  /** A pod is wanted and none is there. */
  | 'absent'
  /** The right pod is there, not ready. */
  | 'starting'
  /** The right pod is ready, not yet for minReadySeconds. */
  | 'settling'
  /** The right pod is there and available. */
  | 'current'
  /** A pod of an older revision serves. */
  | 'outdated'
  /** Old and new pod side by side. */
  | 'surging'
  /** Only terminating pods. */
  | 'leaving'
  /** Only finished pods, waiting for their back-off. */
  | 'failing'
  /** More than one pod where one belongs. */
  | 'excess'
  /** Pods where none may stay. */
  | 'unwanted'
  /** A pod that may stay on a node where none would be started. */
  | 'misscheduled'
  /** The node is gone, pods are left. */
  | 'lost';

/** What the slot adds to the DaemonSet's counts; the names follow DaemonSetStatus. */
export interface Tally {
  readonly desired: boolean;
  readonly current: boolean;
  readonly ready: boolean;
  readonly available: boolean;
  readonly updated: boolean;
  readonly misscheduled: boolean;
  /** Counts against maxUnavailable. */
  readonly blocking: boolean;
  /** Counts against maxSurge. */
  readonly surging: boolean;
}

export interface Removal {
  readonly pod: PodView;
  readonly reason: DeleteReason;
}

export interface Assessment extends Tally {
  readonly state: SlotState;
  /** To be created now, whatever the budget. */
  readonly create?: CreateReason;
  /** To be deleted now, whatever the budget. */
  readonly removals: readonly Removal[];
  /** A pod of an older revision that may be replaced as the budget allows. */
  readonly replaceable?: PodView;
  /** …and which was not available anyway, so that its replacement costs no budget. */
  readonly replaceableIsSettling?: boolean;
  /** A pod of an older revision where the new template should not run. */
  readonly retirable?: PodView;
  /** When time alone may change this assessment. */
  readonly reviewAt?: number;
}

/** What was sent counts as done for this long; then it is sent again (under the same name or UID). */
const sentMemoryMs = 30_000;

export const nothing: Omit<Assessment, 'state'> = {
  desired: false,
  current: false,
  ready: false,
  available: false,
  updated: false,
  misscheduled: false,
  blocking: false,
  surging: false,
  removals: [],
};
export const idle: Assessment = { ...nothing, state: 'idle' };

/** When the oldest of what was sent and not yet seen is no longer believed (Ledger drops it then). */
export function sentForgottenAt({ creating, deleting, pods }: Slot): number | undefined {
  let earliest = creating?.sentAt;
  for (const pod of deleting.size === 0 ? [] : pods) {
    const sentAt = pod.deletionAt === undefined ? deleting.get(pod.uid) : undefined;
    if (sentAt !== undefined && (earliest === undefined || sentAt < earliest)) earliest = sentAt;
  }
  return earliest === undefined ? undefined : earliest + sentMemoryMs;
}

/** Drops what was sent so long ago that it should have been seen: it is decided, and if need be sent, again. */
export function forgetSent(slot: Slot, now: number): void {
  const forgetAt = sentForgottenAt(slot);
  if (forgetAt === undefined || forgetAt > now) return;
  const alive = (sentAt: number) => now < sentAt + sentMemoryMs;
  if (slot.creating !== undefined && !alive(slot.creating.sentAt)) slot.creating = undefined;
  slot.deleting = new Map([...slot.deleting].filter(([, sentAt]) => alive(sentAt)));
}

/** What was timed here goes by the clock as it was: when that is set, it is set along. */
export function setTimes(slot: Slot, byMs: number): Slot {
  const { backoff, creating, deleting } = slot;
  if (backoff !== undefined) slot.backoff = { ...backoff, since: backoff.since + byMs };
  if (creating !== undefined) slot.creating = { ...creating, sentAt: creating.sentAt + byMs };
  if (deleting.size > 0) slot.deleting = new Map([...deleting].map(([uid, sentAt]) => [uid, sentAt + byMs]));
  return slot;
}
