// What a series of simulated histories did and found, added up; workers send theirs as plain data.
import { describeStep, type History, promisesOf } from './history.ts';
import type { Outcome } from './run.ts';

export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
}

export interface Report {
  readonly seeds: number;
  readonly steps: number;
  readonly versions: number;
  readonly virtualMs: number;
  /** Faults and happenings, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Situations of a node that came up (slot-states.ts). */
  readonly states: readonly string[];
  readonly failures: readonly Failure[];
  /** Of all histories, in whatever order they ran: equal when each went the same way, bit for bit. */
  readonly digest: string;
}

export const emptyReport: Report = {
  seeds: 0,
  steps: 0,
  versions: 0,
  virtualMs: 0,
  faults: {},
  states: [],
  failures: [],
  digest: '0',
};

export function reportOf(seed: number, outcome: Outcome): Report {
  const { violation, steps, versions, virtualMs, faults, states, digest } = outcome;
  return {
    seeds: 1,
    steps,
    versions,
    virtualMs,
    faults: Object.fromEntries(faults),
    states: [...states],
    failures: violation === undefined ? [] : [{ seed, ...violation }],
    digest,
  };
}

export function addReports(a: Report, b: Report): Report {
  const faults: Record<string, number> = { ...a.faults };
  for (const [kind, count] of Object.entries(b.faults)) faults[kind] = (faults[kind] ?? 0) + count;
  return {
    seeds: a.seeds + b.seeds,
    steps: a.steps + b.steps,
    versions: a.versions + b.versions,
    virtualMs: a.virtualMs + b.virtualMs,
    faults,
    states: [...new Set([...a.states, ...b.states])],
    failures: [...a.failures, ...b.failures],
    digest: sumOf(a.digest, b.digest),
  };
}

function sumOf(a: string, b: string): string {
  return BigInt.asUintN(256, BigInt(`0x${a}`) + BigInt(`0x${b}`)).toString(16);
}

/** A history in words. */
export function describeHistory(history: History): string {
  const { seed, controllers, nodes, daemonSets, steps, policiesEnd } = history;
  return [
    `seed ${seed}; ${controllers} controller${controllers === 1 ? '' : 's'}; promised: ${promisesOf(history)}`,
    `nodes: ${nodes.map(({ node, zone, pool }) => `${node} (zone ${zone}, ${pool})`).join(', ')}`,
    ...daemonSets.map(
      ({ name, strategy, minReadySeconds, historyLimit }) =>
        `DaemonSet ${name}: ${JSON.stringify(strategy)}, minReadySeconds ${minReadySeconds}, ${historyLimit} old revisions`,
    ),
    ...steps.map(describeStep),
    ...(policiesEnd === undefined ? [] : [`in the end policies are ${policiesEnd}`]),
  ].join('\n');
}
