// Runs histories without faults and holds each state they go through against upstream's rules: the decisions on it, and
// where all has come to rest that upstream would rest there too, with the same numbers in the status.
import { generateHistory } from '../generate.ts';
import { runHistory } from '../run.ts';
import { compare, type DifferenceId } from './compare.ts';
import { statesOf, withoutFaults } from './replay.ts';
import { countsOf } from './status.ts';

export interface Comparison {
  readonly states: number;
  /** How many states had each difference. */
  readonly differences: ReadonlyMap<DifferenceId, number>;
  /** What nothing accounts for, in words. */
  readonly unlisted: readonly string[];
}

export async function compareWithUpstream(seeds: readonly number[]): Promise<Comparison> {
  let states = 0;
  const differences = new Map<DifferenceId, number>();
  const unlisted: string[] = [];
  for (const seed of seeds) {
    const { violation } = await runHistory(withoutFaults(generateHistory(seed)), 'model', (world, rests) => {
      for (const state of statesOf(world)) {
        states++;
        const where = `seed ${seed} at ${world.clock.now()}, ${state.daemonSet.metadata.name}`;
        for (const { id, what } of compare(state)) {
          differences.set(id, (differences.get(id) ?? 0) + 1);
          if (id === 'unlisted' || rests) unlisted.push(`${where}${rests ? ', at rest' : ''}: ${what}`);
        }
        if (!rests) continue;
        const said = state.daemonSet.status as Readonly<Record<string, unknown>> | undefined;
        for (const [key, count] of Object.entries(countsOf(state)))
          if (said?.[key] !== count) unlisted.push(`${where}, at rest: ${key} is ${String(said?.[key])}, not ${count}`);
      }
    });
    if (violation !== undefined) unlisted.push(`seed ${seed}: ${violation.what}`);
  }
  return { states, differences, unlisted };
}
