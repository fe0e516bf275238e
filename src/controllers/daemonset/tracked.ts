// What the controller keeps of one DaemonSet between syncs: the object, its ledger, its revisions, what is to be claimed,
// and what is under way. State only; the steps of a sync are in the files named after them.
import {
  compileLabelSelector,
  type ControllerRevision,
  type DaemonSet,
  isEmptySelector,
  type RolloutPolicy,
  type Stored,
} from '../../api/index.ts';
import { type Action, type Claimant, Ledger, type PodView } from '../../core/daemonset/index.ts';
import type { Progress } from './progress.ts';
import type { CurrentRevision } from './revisions.ts';
import { createWriteWindow, type WriteWindow } from './write-window.ts';

/** A write that is on its way, or has happened and that the watch is still to show (outcomes.ts). */
export interface Unseen {
  readonly action: Action;
  /**
   * The version that the pod is known to have been made at: a picture of at least that version has it, or it has gone
   * again.
   */
  readonly version: number | undefined;
  readonly rememberedAt: number;
  /** Its answer was lost, and so was the last one of those who were asked about it. */
  readonly isUnknown: boolean;
}

export interface Tracked {
  readonly key: string;
  readonly uid: string;
  /** As last seen, or as last written by us. */
  object: Stored<DaemonSet>;
  claimant: Claimant;
  readonly ledger: Ledger;
  /** Owned revisions by UID. */
  readonly revisions: Map<string, Stored<ControllerRevision>>;
  /** UIDs of revisions that we removed and whose end was not seen yet: a late picture does not bring them back. */
  readonly removedRevisions: Set<string>;
  /** UIDs of revisions whose end was seen since this sync began: an answer that comes later does not bring them back. */
  readonly goneRevisions: Set<string>;
  /** Revisions that an answer brought and the watch is still to show: UID → the version they were made at. */
  readonly unseenRevisions: Map<string, number>;
  /** The newest revision, and the object it is of, once the history was brought in order. */
  current: (CurrentRevision & { readonly object: Stored<DaemonSet> }) | undefined;
  /** Template, revisions or policy changed since the ledger was last aimed. */
  targetIsStale: boolean;
  /** The history is being brought in order: what was decided before may be of a revision that has just gone. */
  isSettling: boolean;
  /** Pods to be adopted or released, by UID. */
  readonly podsToAdopt: Map<string, PodView>;
  readonly podsToRelease: Map<string, PodView>;
  readonly revisionsToAdopt: Map<string, Stored<ControllerRevision>>;
  /** What is on its way, or has happened and was not seen yet, by pod name (creates) and UID (deletes). */
  readonly unseen: Map<string, Unseen>;
  readonly creates: WriteWindow;
  readonly deletes: WriteWindow;
  /** What the API server said when it last refused a create; cleared by the next one that works. */
  problem: { readonly reason: string; readonly message: string } | undefined;
  /** When the status was last written, for coalescing; by the steady clock. */
  statusWrittenAt: number;
  /** How long that took: a slow API server is asked less often. */
  statusTookMs: number;
  /** The policy that the ledger was last aimed by, if there was one. */
  aimedBy: Stored<RolloutPolicy> | undefined;
  /** When the status of its policy was last written; by the steady clock. */
  policyWrittenAt: number;
  saidSelectingAll: boolean;
  /** Somebody else has taken a pod of it since it was last known to be there: the garbage collector, perhaps. */
  lostPods: boolean;
  /** When it last came nearer to what is wanted. */
  progress: Progress | undefined;
  /** The DaemonSet is known to be gone or going, by its watch or sooner: nothing is done for it, not even what was decided before. */
  gone: boolean;
}

export function track(object: Stored<DaemonSet>): Tracked {
  return {
    key: `${object.metadata.namespace}/${object.metadata.name}`,
    uid: object.metadata.uid,
    object,
    claimant: claimantOf(object),
    ledger: new Ledger(),
    revisions: new Map(),
    removedRevisions: new Set(),
    goneRevisions: new Set(),
    unseenRevisions: new Map(),
    current: undefined,
    targetIsStale: true,
    isSettling: false,
    podsToAdopt: new Map(),
    podsToRelease: new Map(),
    revisionsToAdopt: new Map(),
    unseen: new Map(),
    creates: createWriteWindow(),
    deletes: createWriteWindow(),
    problem: undefined,
    statusWrittenAt: Number.NEGATIVE_INFINITY,
    statusTookMs: 0,
    aimedBy: undefined,
    policyWrittenAt: Number.NEGATIVE_INFINITY,
    saidSelectingAll: false,
    lostPods: false,
    progress: undefined,
    gone: false,
  };
}

/** An empty selector would take in every pod of the namespace; such a DaemonSet claims nothing. */
export function claimantOf({ metadata, spec }: Stored<DaemonSet>): Claimant {
  return {
    uid: metadata.uid,
    selector: isEmptySelector(spec.selector) ? () => false : compileLabelSelector(spec.selector),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}

export function isCritical({ spec }: DaemonSet): boolean {
  return spec.template.spec.priorityClassName?.startsWith('system-') ?? false;
}
