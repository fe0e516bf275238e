// A history: a small cluster and what happens to it, step by step, as data. The same history has the same outcome, bit
// for bit; a shorter one is still a history, which is how failing ones shrink.
import type { DaemonSetUpdateStrategy, RolloutPolicySpec } from '../api/index.ts';
import type { Weather } from './weather.ts';

export interface History {
  /** Seeds every chance within the history: latencies, faults, how long pods take. */
  readonly seed: number;
  /** 2: two at once, as when a lease was lost unnoticed. */
  readonly controllers: 1 | 2;
  /** Of two, the one that holds the lease works. */
  readonly leases?: boolean;
  readonly nodes: readonly NodeSetup[];
  readonly daemonSets: readonly DaemonSetSetup[];
  readonly steps: readonly Step[];
  /** What users do with rollout policies when the faults have stopped. */
  readonly policiesEnd?: PoliciesEnd;
}

/**
 * `removed`: all are deleted. `completed`: users resume, approve and try again until every rollout is complete.
 * `left`: first nobody does anything, and what is held rests as it is; then as `completed`.
 */
export type PoliciesEnd = 'removed' | 'completed' | 'left';

/**
 * What holds in a history. `all`: one controller at a time, as a lease makes sure where there are two; lists that are not older than they
 * claim, as the API promises for lists without a resourceVersion. `healing`: else; then two
 * pods may meet on a node for a moment and budgets are not kept, but no wrong pod is deleted, no pod is put where none
 * belongs, and the cluster still heals.
 */
export type Promises = 'all' | 'healing';

export function promisesOf({ controllers, leases, steps }: History): Promises {
  const stale = steps.some((step) => step.kind === 'weather' && step.weather.staleList > 0);
  return (controllers === 1 || leases === true) && !stale ? 'all' : 'healing';
}

/** No controller's clock is set. Where one is, nobody can say how long a pod has been ready, or a lease been held. */
export function clocksRun({ steps }: History): boolean {
  return steps.every(({ kind }) => kind !== 'clock-jump');
}

/** The API server knows of rollout policies. */
export function hasPolicies({ steps }: History): boolean {
  return steps.some(({ kind }) => kind === 'policy');
}

export interface NodeSetup {
  readonly node: string;
  readonly zone: string;
  readonly pool: string;
}

export interface DaemonSetSetup {
  readonly name: string;
  readonly strategy: DaemonSetUpdateStrategy;
  readonly minReadySeconds: number;
  readonly historyLimit: number;
}

export type Step = { readonly afterMs: number } & Happening;

export type Happening =
  // nodes
  | ({ readonly kind: 'join' } & NodeSetup)
  | { readonly kind: 'leave' | 'evict' | 'untaint'; readonly node: string }
  | { readonly kind: 'down' | 'stuck' | 'slow' | 'failing' | 'unready'; readonly node: string; readonly forMs: number }
  | { readonly kind: 'taint'; readonly node: string; readonly effect: string }
  | { readonly kind: 'relabel'; readonly node: string; readonly pool: string }
  // users
  | { readonly kind: 'template'; readonly name: string; readonly image: string; readonly pool?: string | undefined }
  | { readonly kind: 'strategy'; readonly name: string; readonly strategy: DaemonSetUpdateStrategy }
  | { readonly kind: 'min-ready'; readonly name: string; readonly seconds: number }
  | { readonly kind: 'history-limit'; readonly name: string; readonly limit: number }
  | { readonly kind: 'undo' | 'apply' | 'delete-revision'; readonly name: string }
  | { readonly kind: 'delete'; readonly name: string; readonly cascade: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly kind: 'label-away' | 'delete-pod' | 'orphan-pod'; readonly node: string }
  | { readonly kind: 'loose-pod'; readonly name: string; readonly node: string }
  // users and their rollout policies, by the policy's name
  | { readonly kind: 'policy'; readonly policy: string; readonly spec: RolloutPolicySpec }
  | { readonly kind: 'pause' | 'resume' | 'approve' | 'retry' | 'unpolicy'; readonly policy: string }
  // network and processes
  | { readonly kind: 'weather'; readonly weather: Weather; readonly forMs: number }
  | { readonly kind: 'stall'; readonly resource: string; readonly forMs: number }
  | { readonly kind: 'cut' | 'compact' }
  | { readonly kind: 'restart-server'; readonly forMs: number }
  | { readonly kind: 'clock-jump'; readonly byMs: number }
  /** Requests of one controller, or only those about its lease, get nowhere. */
  | { readonly kind: 'isolate'; readonly controller: number; readonly lease: boolean; readonly forMs: number }
  /** The controller dies with its n-th write from now and is started again later. */
  | { readonly kind: 'crash'; readonly controller: number; readonly writes: number; readonly backMs: number };

/** One step in words, as a failing history is printed. */
export function describeStep(step: Step): string {
  return `${(step.afterMs / 1000).toFixed(3).padStart(8)} s later: ${words(step)}`;
}

function words(step: Step): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  switch (step.kind) {
    case 'join':
      return `node ${step.node} joins (zone ${step.zone}, pool ${step.pool})`;
    case 'leave':
      return `node ${step.node} leaves`;
    case 'evict':
      return `the pods on ${step.node} are evicted`;
    case 'down':
      return `node ${step.node} is dead for ${seconds(step.forMs)}`;
    case 'stuck':
      return `pods on ${step.node} do not stop for ${seconds(step.forMs)}`;
    case 'slow':
      return `pods on ${step.node} start slowly for ${seconds(step.forMs)}`;
    case 'failing':
      return `pods on ${step.node} fail as they start for ${seconds(step.forMs)}`;
    case 'unready':
      return `pods on ${step.node} are not ready for ${seconds(step.forMs)}`;
    case 'taint':
      return `node ${step.node} is tainted ${step.effect}`;
    case 'untaint':
      return `node ${step.node} loses its taint`;
    case 'relabel':
      return `node ${step.node} moves to pool ${step.pool}`;
    case 'template':
      return `${step.name} gets image ${step.image}${step.pool === undefined ? '' : ` for pool ${step.pool}`}`;
    case 'strategy':
      return `${step.name} gets strategy ${JSON.stringify(step.strategy)}`;
    case 'min-ready':
      return `${step.name} gets minReadySeconds ${step.seconds}`;
    case 'history-limit':
      return `${step.name} keeps ${step.limit} old revisions`;
    case 'undo':
      return `${step.name} is rolled back`;
    case 'delete-revision':
      return `a user deletes the newest revision of ${step.name}`;
    case 'apply':
      return `${step.name} is applied (again)`;
    case 'delete':
      return `${step.name} is deleted (${step.cascade})`;
    case 'label-away':
      return `a user labels the pod on ${step.node} away`;
    case 'delete-pod':
      return `a user deletes the pod on ${step.node}`;
    case 'orphan-pod':
      return `a user takes the owner off the pod on ${step.node}`;
    case 'loose-pod':
      return `a user makes a pod that matches ${step.name} on ${step.node}`;
    case 'policy': {
      const { targetRef, ...rest } = step.spec;
      return `policy ${step.policy} of ${targetRef.name} says ${JSON.stringify(rest)}`;
    }
    case 'pause':
      return `policy ${step.policy} is paused`;
    case 'resume':
      return `policy ${step.policy} goes on`;
    case 'approve':
      return `a user approves what policy ${step.policy} has open`;
    case 'retry':
      return `a user wants what policy ${step.policy} rolls out tried again`;
    case 'unpolicy':
      return `policy ${step.policy} is deleted`;
    case 'weather':
      return `for ${seconds(step.forMs)} the network has ${JSON.stringify(step.weather)}`;
    case 'stall':
      return `watches of ${step.resource} deliver nothing for ${seconds(step.forMs)}`;
    case 'cut':
      return 'every watch breaks';
    case 'compact':
      return 'the API server forgets its history';
    case 'restart-server':
      return `the API server is away for ${seconds(step.forMs)}`;
    case 'clock-jump':
      return `the controllers' clocks jump by ${seconds(step.byMs)}`;
    case 'isolate':
      return `${step.lease ? 'renewals' : 'requests'} of controller ${step.controller + 1} get nowhere for ${seconds(step.forMs)}`;
    case 'crash':
      return `controller ${step.controller + 1} dies at its write number ${step.writes} from now, and is back ${seconds(step.backMs)} later`;
  }
}
