// Runs one history: sets the scene, lets every step happen, checks safety all the way and liveness at the end.
import { inspect } from 'node:util';
import { resources } from '../api/index.ts';
import { createEmbeddedSite } from './embedded/site.ts';
import { daemonSetOf, happen } from './happen.ts';
import { hasPolicies, type History } from './history.ts';
import { checkLiveness } from './liveness.ts';
import { createModelSite } from './model-site.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly violation: { readonly invariant: string; readonly what: string } | undefined;
  readonly log: readonly string[];
  /** Equal for equal histories: of the whole log, and of every object as it was written. */
  readonly digest: string;
  readonly steps: number;
  /** Requests and changes of the model server. */
  readonly versions: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly states: ReadonlySet<string>;
  readonly virtualMs: number;
}

/** Around the real controller: a model of the cluster, or the real one (all of it but sockets and disks). */
export type Mode = 'model' | 'embedded';

const sites = { model: createModelSite, embedded: createEmbeddedSite } as const;

export async function runHistory(
  given: History,
  mode: Mode = 'model',
  /** Looks on after each change, and once more when all has come to rest. */
  observe?: (world: World, rests: boolean) => void,
): Promise<Outcome> {
  const history = mode === 'model' ? given : asEmbedded(given);
  const world = new World(history, sites[mode]);
  const startedAt = world.clock.now();
  world.observer = () => observe?.(world, false);
  await world.site.start();
  // In the others the kind comes when the first policy does.
  if (hasPolicies(history) && history.seed % 2 === 0) await world.site.definePolicies();
  for (const { node, zone, pool } of history.nodes)
    await world.site.nodes.join(node, { 'topology.kubernetes.io/zone': zone, pool });
  for (const setup of history.daemonSets) await world.site.user.create(resources.daemonSets, daemonSetOf(setup));
  for (let index = 0; index < history.controllers; index++) world.lives.start(index);

  let steps = 0;
  for (const step of history.steps) {
    await world.clock.advance(step.afterMs);
    if (world.broken) break;
    await happen(world, step, history.daemonSets);
    steps++;
  }
  const verdict = world.broken
    ? undefined
    : await checkLiveness(world, history.daemonSets, mode === 'model' ? 0 : skewOf(history), history.policiesEnd);
  if (!world.broken && verdict === undefined) observe?.(world, true);
  await world.stop();
  return {
    violation: died(world) ?? world.invariants.violation ?? verdict,
    log: world.log,
    digest: world.digest(),
    steps,
    versions: world.server.version,
    faults: world.faults,
    states: world.slotStates.seen,
    virtualMs: world.clock.now() - startedAt,
  };
}

function skewOf({ steps }: History): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'clock-jump' ? Math.abs(step.byMs) : 0), 0);
}

/** The real API server has no lists that are older than they claim. */
function asEmbedded(history: History): History {
  const steps = history.steps.map((step) =>
    step.kind === 'weather' ? { ...step, weather: { ...step.weather, staleList: 0, staleRelist: 0 } } : step,
  );
  return { ...history, steps };
}

function died({ failure }: World): Outcome['violation'] {
  if (failure === undefined) return undefined;
  return {
    invariant: 'programmer error',
    what: inspect(failure),
  };
}
