// Runs one history: sets the scene, lets every step happen, checks safety all the way and liveness at the end.
import { inspect } from 'node:util';
import { resources } from '../api/index.ts';
import { daemonSetOf, happen } from './happen.ts';
import type { History } from './history.ts';
import { checkLiveness } from './liveness.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly violation: { readonly invariant: string; readonly what: string } | undefined;
  readonly log: readonly string[];
  readonly steps: number;
  /** Requests and changes of the model server. */
  readonly versions: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly states: ReadonlySet<string>;
  readonly virtualMs: number;
}

export async function runHistory(history: History): Promise<Outcome> {
  const world = new World(history);
  const startedAt = world.clock.now();
  for (const { node, zone, pool } of history.nodes)
    world.fleet.join(node, { 'topology.kubernetes.io/zone': zone, pool });
  for (const setup of history.daemonSets) world.server.create('user', resources.daemonSets, daemonSetOf(setup));
  for (let index = 0; index < history.controllers; index++) world.start(index);

  const broken = () => world.invariants.violation !== undefined || world.failure !== undefined;
  let steps = 0;
  for (const step of history.steps) {
    await world.clock.advance(step.afterMs);
    if (broken()) break;
    happen(world, step, history.daemonSets);
    steps++;
  }
  const verdict = broken() ? undefined : await checkLiveness(world, history.daemonSets);
  await world.stop();
  return {
    violation: died(world) ?? world.invariants.violation ?? verdict,
    log: world.log,
    steps,
    versions: world.server.version,
    faults: world.faults,
    states: world.slotStates.seen,
    virtualMs: world.clock.now() - startedAt,
  };
}

function died({ failure }: World): Outcome['violation'] {
  if (failure === undefined) return undefined;
  return {
    invariant: 'programmer error',
    what: inspect(failure),
  };
}
