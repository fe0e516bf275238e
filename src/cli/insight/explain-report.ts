// What explain says, as data: the whole of it is printed with `-o json`, and explain-render.ts puts it in words.
import {
  budgetHolders,
  describeReason,
  explain,
  type NodeExplanation,
  type PodView,
  type Reason,
  revisionOf,
  survey,
} from '../../core/daemonset/index.ts';
import type { Trouble } from '../../core/pod/index.ts';
import type { Looked } from './read-snapshot.ts';

export interface Report {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** Hash of the newest revision. */
  readonly revision: string;
  /** The controller has still to write it. */
  readonly isRevisionNew: boolean;
  readonly isDeleting: boolean;
  readonly counts: Readonly<Record<'nodes' | 'desired' | 'current' | 'updated' | 'ready' | 'available', number>>;
  readonly strategy: string;
  /** How many nodes may be in flux at once, and which are. */
  readonly budget: { readonly most: number; readonly nodes: readonly string[] };
  readonly policy?: PolicyReport;
  readonly nodes: readonly NodeReport[];
}

export interface PolicyReport {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
  readonly provenRevision?: string;
  readonly waves: readonly string[];
  readonly openWaves: number;
}

export interface NodeReport {
  readonly node: string;
  readonly state: string;
  readonly desired: boolean;
  readonly wave?: string;
  readonly reason: Reason;
  readonly why: string;
  readonly pods: readonly PodReport[];
}

export interface PodReport {
  readonly name: string;
  readonly revision: string | undefined;
  readonly age: 'newest' | 'proven' | 'older';
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly trouble?: string;
}

export function reportOf({ snapshot, troubles }: Looked, now: number): Report {
  const { daemonSet, policy, nodes } = snapshot;
  const found = survey(snapshot, now);
  const { desired, current, updated, ready, available } = found.ledger.counts;
  const status = policy?.status?.daemonSetUID === daemonSet.metadata.uid ? policy.status : undefined;
  const waves = status?.waves?.map(({ name }) => name) ?? [];
  const ageOf = (revision: string | undefined): PodReport['age'] => {
    // Of several that mean the same template each is the newest.
    if (revision !== undefined && found.target.sameRevisions.has(revision)) return 'newest';
    return revision !== undefined && revision === status?.provenRevision ? 'proven' : 'older';
  };
  return {
    namespace: daemonSet.metadata.namespace ?? '',
    name: daemonSet.metadata.name,
    generation: found.target.generation,
    revision: found.target.revision,
    isRevisionNew: found.isRevisionNew,
    isDeleting: daemonSet.metadata.deletionTimestamp !== undefined,
    counts: { nodes: nodes.length, desired, current, updated, ready, available },
    strategy: found.target.strategy.type,
    budget: budgetHolders(found),
    ...(policy === undefined
      ? {}
      : {
          policy: {
            name: policy.metadata.name,
            phase: status?.phase ?? 'Pending',
            message: status?.message ?? 'the controller has not taken it up yet',
            ...(status?.provenRevision === undefined ? {} : { provenRevision: status.provenRevision }),
            waves,
            openWaves: status?.openWaves ?? 0,
          },
        }),
    nodes: explain(found, now).map((one) => nodeReport(one, waves, troubles, ageOf)),
  };
}

function nodeReport(
  { node, state, desired, wave, reason, pods }: NodeExplanation,
  waves: readonly string[],
  troubles: ReadonlyMap<string, Trouble>,
  ageOf: (revision: string | undefined) => PodReport['age'],
): NodeReport {
  const name = wave === undefined ? undefined : waves[wave];
  return {
    node,
    state,
    desired,
    ...(name === undefined ? {} : { wave: name }),
    reason,
    why: why(reason, troubles),
    pods: pods.map((pod) => podReport(pod, ageOf(revisionOf(pod)), troubles.get(pod.uid))),
  };
}

/** The same words for all nodes that suffer from the same. */
function why(reason: Reason, troubles: ReadonlyMap<string, Trouble>): string {
  const pod = 'pod' in reason ? reason.pod : undefined;
  const trouble = pod === undefined ? undefined : troubles.get(pod.uid);
  return `${describeReason(reason)}${trouble === undefined ? '' : `: ${trouble.short}`}`;
}

function podReport(pod: PodView, age: PodReport['age'], trouble: Trouble | undefined): PodReport {
  const { name, phase, ready, deletionAt } = pod;
  return {
    name,
    revision: revisionOf(pod),
    age,
    phase,
    ready,
    terminating: deletionAt !== undefined,
    ...(trouble === undefined ? {} : { trouble: trouble.long }),
  };
}
