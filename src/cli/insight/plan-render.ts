// A plan in words, for a terminal. Pure.
import { describeObstacle, type Fate, type Foresight, type NodeForesight } from '../../core/daemonset/index.ts';
import { formatDuration } from '../../core/pod/index.ts';
import { columnsOf } from '../view/text.ts';
import { named } from './named.ts';

export interface PlannedDaemonSet extends Foresight {
  readonly namespace: string;
  readonly name: string;
  /** There is none of this name yet. */
  readonly isNew: boolean;
}

export function renderPlan(plan: PlannedDaemonSet): string {
  const { namespace, name, nodes } = plan;
  const lines = [`DaemonSet ${namespace}/${name}: ${revisionWords(plan)}`, ...fateLines(plan)];
  const isQuiet = nodes.every(({ fate }) => fate === 'unchanged');
  if (!isQuiet) lines.push(...policyLines(plan));
  return lines.map((line) => `${line}\n`).join('');
}

function revisionWords({ revision, isNew }: PlannedDaemonSet): string {
  if (isNew) return `made anew, with revision ${revision.hash}`;
  if (revision.kind === 'same') return `its revision stays ${revision.hash}, for the template means what it meant`;
  if (revision.kind === 'new') return `a new revision, ${revision.hash}`;
  return `goes back to revision ${revision.hash}, which was number ${revision.number}`;
}

const fateWords: Readonly<Record<Fate, readonly [one: string, more: string]>> = {
  created: ['gets a pod', 'get a pod'],
  removed: ['loses its pod', 'lose their pod'],
  replaced: ['has its pod replaced', 'have their pod replaced'],
  'replaced-on-delete': [
    'has its pod replaced when somebody deletes it',
    'have their pod replaced when somebody deletes it',
  ],
  unchanged: ['stays as it is', 'stay as they are'],
};

function fateLines({ nodes, budget }: PlannedDaemonSet): readonly string[] {
  const { maxSurge, maxUnavailable } = budget;
  const pace =
    maxSurge > 0
      ? `at most ${maxSurge} with a second pod at a time`
      : `at most ${maxUnavailable} without one at a time`;
  const groups = Map.groupBy(nodes, ({ fate, obstacle }) => JSON.stringify([fate, fate === 'removed' ? obstacle : 0]));
  const ordered = [...groups.values()].toSorted((a, b) => order(a[0]!) - order(b[0]!));
  return ordered.map((group) => {
    const { fate, obstacle } = group[0]!;
    const words = fateWords[fate][group.length === 1 ? 0 : 1];
    const why = fate === 'removed' && obstacle !== undefined ? `: ${describeObstacle(obstacle)}` : '';
    const at = fate === 'replaced' ? `, ${pace}` : '';
    const who = fate === 'unchanged' ? '' : ` (${named(group.map(({ node }) => node))})`;
    return `  ${group.length} ${group.length === 1 ? 'node' : 'nodes'} ${words}${at}${why}${who}`;
  });
}

function order({ fate }: NodeForesight): number {
  return Object.keys(fateWords).indexOf(fate);
}

function policyLines({ policy, nodes }: PlannedDaemonSet): readonly string[] {
  if (policy === undefined) return [];
  if ('problem' in policy)
    return [`  the RolloutPolicy cannot be read, and everything is held until it can: ${policy.problem}`];
  const { name, isOpen, isPaused, waves } = policy;
  if (isPaused) return [`  RolloutPolicy ${name} is paused: nothing is replaced until it is resumed`];
  if (isOpen) return [`  RolloutPolicy ${name} holds nothing back: all nodes at once, within the budget`];
  const count = (index: number, fate: Fate) =>
    String(nodes.filter((node) => node.wave === index && node.fate === fate).length);
  const rows = waves.map((wave, index) => [
    wave.name,
    count(index, 'replaced'),
    count(index, 'created'),
    [
      ...(wave.soakMs > 0 ? [`soaks for ${formatDuration(wave.soakMs)}`] : []),
      ...(wave.manual ? ['waits for its approval'] : []),
    ].join(', '),
  ]);
  const table = columnsOf([['WAVE', 'REPLACED', 'CREATED', 'THEN'], ...rows], ['left', 'right', 'right', 'left']);
  return [`  RolloutPolicy ${name}, one wave after the other:`, ...table.map((line) => `    ${line}`)];
}
