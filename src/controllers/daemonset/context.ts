// What every step of a sync is given.
import type { Client } from '../../client/index.ts';
import type { Clock } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import type { PolicyIndex } from './policy-index.ts';
import type { Tracked } from './tracked.ts';

export interface SyncContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly record: RecordEvent;
  /**
   * Runs a write when the API server has room for it: DaemonSets in turn, critical ones first. A sync waits for its own
   * writes (status, revisions, owners), so they take turns apart from the pods', of which hundreds may wait.
   */
  readonly limit: <T>(tracked: Tracked, of: 'sync' | 'pods', write: () => Promise<T>) => Promise<T>;
  readonly policies: PolicyIndex;
  /** The version up to which pods were seen. */
  readonly podsVersion: () => string | undefined;
  /** The version up to which revisions were seen. */
  readonly revisionsVersion: () => string | undefined;
  /** The DaemonSet wants another sync now. */
  readonly touch: (tracked: Tracked) => void;
}

/** Records a Kubernetes Event on the DaemonSet; never blocks, never fails. */
export type RecordEvent = (tracked: Tracked, type: 'Normal' | 'Warning', reason: EventReason, message: string) => void;

/** Upstream's reasons (component daemonset-controller), and those of a RolloutPolicy. */
export type EventReason =
  | 'WaveOpened'
  | 'RolloutProven'
  | 'RolloutHeld'
  | 'RolloutRolledBack'
  | 'SelectingAll'
  | 'SuccessfulCreate'
  | 'FailedCreate'
  | 'SuccessfulDelete'
  | 'FailedDelete'
  | 'FailedDaemonPod'
  | 'SucceededDaemonPod';
