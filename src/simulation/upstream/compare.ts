// What Everynode decides on a state beside what upstream decides on it. Every difference is put down to one that
// docs/differences.md lists, by its id; one that nothing accounts for has the id `unlisted`.
import type { Stored } from '../../api/index.ts';
import { type Pod } from '../../api/index.ts';
import { compileTarget, Ledger, viewNode, viewPod } from '../../core/daemonset/index.ts';
import { type Decision, decide } from './decide.ts';
import {
  eligibility,
  isAvailable,
  isCurrent,
  isFailed,
  isReady,
  isSucceeded,
  isTerminating,
  nodeOfPod,
  type State,
} from './state.ts';

export const differenceIds = [
  'failed-surge',
  'finished-together',
  'young-ready',
  'dead-node',
  'tainted-node',
  'lost-node',
  'which-stays',
  'old-surplus',
  'unlisted',
] as const;

export type DifferenceId = (typeof differenceIds)[number];

export interface Difference {
  readonly id: DifferenceId;
  readonly what: string;
}

/** Ours, in upstream's terms: a ledger that sees the state for the first time. */
function ours(state: State): Decision {
  const { daemonSet, currentHash, nodes, pods, now } = state;
  const ledger = new Ledger();
  ledger.retarget(compileTarget(daemonSet, currentHash), now);
  for (const node of nodes) ledger.setNode(viewNode(node), now);
  for (const pod of pods) ledger.setPod(viewPod(pod), now);
  const creates = new Set<string>();
  const deletes = new Set<string>();
  const candidates = new Set<string>();
  for (const { name, assessment } of ledger.slots) {
    if (assessment.create !== undefined) creates.add(name);
    for (const { pod } of assessment.removals) deletes.add(pod.name);
    if (assessment.replaceable !== undefined) candidates.add(name);
  }
  const plan = ledger.plan();
  const taken =
    plan.creates.filter(({ reason }) => reason === 'surge').length +
    plan.deletes.filter(({ reason }) => reason === 'outdated').length;
  for (const { name, reason } of plan.deletes) if (reason === 'retired') deletes.add(name);
  return { creates, deletes, candidates, candidatesMax: taken, aborts: false };
}

export function compare(state: State): readonly Difference[] {
  const theirs = decide(state);
  const mine = ours(state);
  const found: Difference[] = [];
  const surge = (state.daemonSet.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0) !== 0;
  const podsOn = (node: string) => state.pods.filter((pod) => nodeOfPod(pod) === node && !isTerminating(pod));
  const nodeOf = new Map(state.pods.map((pod) => [pod.metadata.name, nodeOfPod(pod) ?? '']));

  const nodes = new Set([
    ...theirs.creates.symmetricDifference(mine.creates),
    ...theirs.candidates.symmetricDifference(mine.candidates),
    ...[...theirs.deletes.symmetricDifference(mine.deletes)].map((pod) => nodeOf.get(pod)!),
  ]);
  for (const name of nodes)
    found.push({ id: theirs.aborts ? 'lost-node' : accountFor(state, name, podsOn(name), surge), what: words(name) });

  const open = theirs.candidates.union(mine.candidates);
  const theirCount = Math.min(theirs.candidatesMax, open.size);
  if (theirCount !== mine.candidatesMax && nodes.size === 0) {
    const id = countDiffers(state, podsOn, surge);
    found.push({
      id,
      what: `upstream may take ${theirCount} of ${[...open].join(', ')}, Everynode ${mine.candidatesMax}`,
    });
  }
  return found;

  function words(name: string): string {
    const told = (decision: Decision) => {
      const deleted = [...decision.deletes].filter((pod) => nodeOf.get(pod) === name);
      const parts = [
        decision.creates.has(name) ? 'creates' : '',
        deleted.length > 0 ? `deletes ${deleted.join(', ')}` : '',
        decision.candidates.has(name) ? 'may replace' : '',
      ].filter((part) => part !== '');
      return parts.length === 0 ? 'nothing' : parts.join(', ');
    };
    return `on ${name} upstream: ${told(theirs)}; Everynode: ${told(mine)}`;
  }
}

/** One node's difference. */
function accountFor(state: State, name: string, pods: readonly Stored<Pod>[], surge: boolean): DifferenceId {
  const node = state.nodes.find(({ metadata }) => metadata.name === name);
  if (node === undefined) return 'lost-node';
  const finished = pods.filter((pod) => isFailed(pod) || isSucceeded(pod));
  const live = pods.filter((pod) => !finished.includes(pod));
  if (!eligibility(state, node).run)
    return live.length > 1 ? 'which-stays' : finished.length > 1 ? 'finished-together' : 'tainted-node';
  if (finished.length > 0 && surge) return 'failed-surge';
  if (finished.length > 1) return 'finished-together';
  if (live.length > 1) return 'which-stays';
  if (live.length === 1 && isReady(live[0]!) && !isAvailable(state, live[0]!)) return 'young-ready';
  return 'unlisted';
}

/** The nodes agree and how many may be taken does not: something somewhere counts for one and not for the other. */
function countDiffers(state: State, podsOn: (node: string) => readonly Stored<Pod>[], surge: boolean): DifferenceId {
  const known = new Map(state.nodes.map((node) => [node.metadata.name, node]));
  const counted = new Set(state.pods.map((pod) => nodeOfPod(pod) ?? ''));
  for (const name of counted) {
    const node = known.get(name);
    if (node === undefined) return 'lost-node';
    if (!eligibility(state, node).run) return 'tainted-node';
  }
  const dead = state.nodes.some(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is !== 'True'),
  );
  if (dead) return 'dead-node';
  const pods = [...counted].flatMap((name) => podsOn(name));
  if (pods.some((pod) => isReady(pod) && !isAvailable(state, pod))) return 'young-ready';
  if (surge && pods.some((pod) => isFailed(pod) || isSucceeded(pod))) return 'failed-surge';
  const several = (name: string) => podsOn(name).filter((pod) => !isCurrent(state, pod)).length > 1;
  if (surge && [...counted].some(several)) return 'old-surplus';
  return 'unlisted';
}
