// What to do, as data: each entry says where, what and why. Shells carry plans out; explain and plan only show them.

export interface CreatePod {
  readonly type: 'create';
  readonly node: string;
  /** Hash of the revision to make it from. */
  readonly revision: string;
  /** Deterministic (pod.ts). */
  readonly name: string;
  readonly reason: CreateReason;
}

export interface DeletePod {
  readonly type: 'delete';
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  /** Precondition of the delete: never another pod that took the name. */
  readonly uid: string;
  /** Precondition where the pod goes only because it does not serve: with a late watch it may serve by now. */
  readonly resourceVersion?: string;
  readonly reason: DeleteReason;
}

export type Action = CreatePod | DeletePod;

export type CreateReason =
  /** The node should have a pod and has none. */
  | 'missing'
  /** A pod of the new revision starts beside an old one that serves. */
  | 'surge'
  /** The same beside an old one that does not serve: outside the surge limit, nothing is lost by it. */
  | 'surge-unready';

export type DeleteReason =
  /** The node has more than one. */
  | 'excess'
  | 'failed'
  | 'succeeded'
  /** The node does not qualify, and the pod may not stay. */
  | 'unwanted'
  /** Never bound, and the node it is pinned to does not exist. */
  | 'node-gone'
  /** Of an older revision, replaced within the budget. */
  | 'outdated'
  /** Of an older revision and not ready: its going costs nothing. */
  | 'outdated-unready'
  /** The new pod beside it took over (surge). */
  | 'superseded'
  /** Of an older revision, on a node where the new template should not run. */
  | 'retired';

export interface Plan {
  readonly creates: readonly CreatePod[];
  readonly deletes: readonly DeletePod[];
}

export interface PlanLimits {
  readonly createsMax: number;
  readonly deletesMax: number;
}

export const unlimited: PlanLimits = { createsMax: Number.POSITIVE_INFINITY, deletesMax: Number.POSITIVE_INFINITY };
