// RolloutPolicy (everynode.dev/v1alpha1): how a new template of one DaemonSet reaches the nodes. It points at the
// DaemonSet, as a PodDisruptionBudget does at its pods; without one, a rollout is what updateStrategy says and no more.
// What the fields mean to their users: docs/rollout-policy.md.
import type { IntOrPercent } from './int-or-percent.ts';
import type { Condition, KubernetesObject, LabelSelector, Timestamp } from './meta.ts';

export interface RolloutPolicySpec {
  /** The DaemonSet, in the policy's namespace. */
  readonly targetRef: { readonly apiVersion?: string; readonly kind?: string; readonly name: string };
  /** No node is replaced, and no pod is made of a revision that is not proven. */
  readonly paused?: boolean;
  /** One after the other; nodes that are in none of them come last, as a wave named `rest`. */
  readonly waves?: readonly RolloutWave[];
  /** Without one more updated and available node for so long, the revision counts as bad; 600 if absent. */
  readonly progressDeadlineSeconds?: number;
  /** So many nodes of the open waves may be without an available pod of the revision, a percentage rounded down; 0 if absent. */
  readonly failureTolerance?: IntOrPercent;
  /** What happens to a bad revision: Hold (the default) | Rollback */
  readonly onFailure?: string;
}

export interface RolloutWave {
  /** A DNS label, its own in the policy. */
  readonly name: string;
  /** Among which nodes, by their labels; all if absent. A node is in the first wave that takes it. */
  readonly nodeSelector?: LabelSelector;
  /** How many of them at most, a percentage rounded up; all if absent. */
  readonly nodes?: IntOrPercent;
  /** All of its nodes are updated and available for so long before the next wave opens. */
  readonly soakSeconds?: number;
  /** Automatic (the default) | Manual: the next wave waits for the annotation `everynode.dev/approve`. */
  readonly approval?: string;
}

export interface RolloutPolicyStatus {
  readonly observedGeneration?: number;
  /** The UID of the DaemonSet that the rest is about. */
  readonly daemonSetUID?: string;
  /** Hash (controller-revision-hash) of the revision that is rolled out, or has been. */
  readonly revision?: string;
  /** The last revision that went all the way: what held nodes get. Absent until there was one. */
  readonly provenRevision?: string;
  /** The revision that is rolled out, when it turned out to be bad. */
  readonly badRevision?: string;
  readonly phase?: RolloutPhase;
  /** What the phase waits for, in words. */
  readonly message?: string;
  /** How many waves are open, the last of them the current one. */
  readonly openWaves?: number;
  /** One entry for each wave of the spec, and `rest`. */
  readonly waves?: readonly RolloutWaveStatus[];
  /** Since when every node of the current wave is updated and available. */
  readonly soakingSince?: Timestamp;
  /** The most nodes of the open waves that were updated and available at once, in the current wave. */
  readonly settledMost?: number;
  /** When that was last more than before. */
  readonly progressedAt?: Timestamp;
  readonly conditions?: readonly Condition[];
}

export type RolloutPhase =
  /** Nothing is proven yet: the first launch, on all nodes at once. */
  | 'Launching'
  | 'RollingOut'
  | 'Soaking'
  | 'WaitingForApproval'
  | 'Paused'
  /** The revision is bad: no further node gets it. */
  | 'Held'
  /** The revision is bad: all nodes go back to the proven one. */
  | 'RolledBack'
  /** The revision is proven. */
  | 'Complete'
  /** The policy cannot be read: everything is held until it can. */
  | 'Invalid';

export interface RolloutWaveStatus {
  readonly name: string;
  /** Nodes in it that should have a pod. */
  readonly nodes: number;
  readonly updated: number;
  readonly available: number;
  /** Where `nodes` limits the wave: the highest rank (a hash of the node's name) that is in it, for this rollout. */
  readonly rankMax?: number;
}

export interface RolloutPolicy extends KubernetesObject {
  readonly spec: RolloutPolicySpec;
  readonly status?: RolloutPolicyStatus;
}
