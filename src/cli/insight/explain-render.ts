// A report in words, for a terminal: nodes of one fate share a line, however many they are. Pure.
import { columnsOf } from '../view/text.ts';
import { named } from './named.ts';
import type { NodeReport, PodReport, Report } from './explain-report.ts';

export function renderReport(report: Report): string {
  const groups = Map.groupBy(report.nodes, ({ state, why }) => JSON.stringify([state, why]));
  const rows = [...groups.values()]
    .toSorted((a, b) => b.length - a.length)
    .map((nodes) => [nodes[0]!.state, String(nodes.length), named(nodes.map(({ node }) => node)), nodes[0]!.why]);
  const table = columnsOf([['STATE', 'COUNT', 'NODES', 'WHY'], ...rows], ['left', 'right', 'left', 'left']);
  return [...heading(report), '', ...table].map((line) => `${line}\n`).join('');
}

/** One node, with everything about it. */
export function renderNode(report: Report, { node, state, desired, why, wave, pods }: NodeReport): string {
  const lines = [
    ...heading(report),
    '',
    `node ${node}: ${state}`,
    `  why: ${why}`,
    `  a pod should run here: ${desired ? 'yes' : 'no'}`,
    ...(wave === undefined ? [] : [`  wave: ${wave}, ${isOpen(report, wave) ? 'open' : 'not open yet'}`]),
    ...pods.map((pod) => `  pod ${pod.name}: ${podWords(pod)}`),
    ...(pods.length === 0 ? ['  no pod'] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function heading(report: Report): readonly string[] {
  const { namespace, name, generation, revision, isRevisionNew, isDeleting, counts, budget, strategy, policy } = report;
  const { nodes, desired, updated, available } = counts;
  const holders = budget.nodes.length === 0 ? 'none' : `${budget.nodes.length}, ${named(budget.nodes)}`;
  return [
    `DaemonSet ${namespace}/${name}, generation ${generation}, revision ${revision}${isRevisionNew ? ' (still to be written)' : ''}`,
    ...(isDeleting ? ['  it is being deleted: the garbage collector takes its pods away'] : []),
    `  ${desired} of ${nodes} nodes should have a pod; of the newest revision: ${updated}, available: ${available}`,
    strategy === 'OnDelete'
      ? '  OnDelete: pods of older revisions are replaced when somebody deletes them'
      : `  RollingUpdate: at most ${budget.most} in flux at a time, now ${holders}`,
    ...(policy === undefined ? [] : [`  RolloutPolicy ${policy.name}: ${policy.phase}: ${policy.message}`]),
  ];
}

function isOpen({ policy }: Report, wave: string): boolean {
  return policy !== undefined && policy.waves.indexOf(wave) < policy.openWaves;
}

function podWords(pod: PodReport): string {
  const ready = pod.ready ? 'ready' : 'not ready';
  const fate = pod.terminating ? ', terminating' : '';
  const trouble = pod.trouble === undefined ? '' : `; ${pod.trouble}`;
  return `revision ${pod.revision ?? 'unknown'} (${pod.age}), ${pod.phase}, ${ready}${fate}${trouble}`;
}
