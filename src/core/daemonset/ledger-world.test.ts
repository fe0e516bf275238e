// The ledger in a closed loop with a world that delays, fails and forgets (world.test-support.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { World, type WorldOptions } from './world.test-support.ts';

const faultyTicks = 250;
const healingTicksMax = 600;

/** The world checks itself at every tick; here it must come to rest when the faults end. */
function live(options: WorldOptions): void {
  const world = new World(options);
  for (let tick = 0; tick < faultyTicks; tick++) world.tick(true);
  world.mend();
  for (let tick = 0; tick < healingTicksMax; tick++) {
    world.tick(false);
    if (world.converged) return;
  }
  const { counts, states } = world.ledger;
  assert.fail(`no rest after ${healingTicksMax} s: ${JSON.stringify({ counts, states: [...states] })}`);
}

const common = {
  seed: fc.integer(),
  nodes: fc.integer({ min: 1, max: 6 }),
  minReadySeconds: fc.constantFrom(0, 5),
};

test('without surge: one pod a node at any time, the budget is kept, and all is well when the faults end', () => {
  const options = fc.record({ ...common, maxUnavailable: fc.integer({ min: 1, max: 3 }), maxSurge: fc.constant(0) });
  fc.assert(fc.property(options, live), { numRuns: 60 });
});

test('with surge: at most two pods a node, no node loses the pod that serves it, and all is well when the faults end', () => {
  const options = fc.record({ ...common, maxUnavailable: fc.constant(0), maxSurge: fc.integer({ min: 1, max: 3 }) });
  fc.assert(fc.property(options, live), { numRuns: 60 });
});
