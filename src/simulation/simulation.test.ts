// The simulator itself: one seed is one history, a handful of seeds finds nothing in the controller, a failing history
// shrinks. The long run is `npm run simulate`; that the invariants bite is shown by its --mutations.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateHistory } from './generate.ts';
import { describeHistory } from './report.ts';
import { runHistory } from './run.ts';
import { shrinkHistory } from './shrink.ts';
import type { History } from './history.ts';

const smokeSeeds = 20;

describe('a simulated history', () => {
  it('is the same, bit for bit, whenever it is run', async () => {
    for (const seed of [3, 4, 5]) {
      const [first, second] = [await runHistory(generateHistory(seed)), await runHistory(generateHistory(seed))];
      assert.ok(first.log.length > 100);
      assert.deepEqual(second.log, first.log);
    }
  });

  it('differs from seed to seed', () => {
    const described = Array.from({ length: 20 }, (_, seed) => describeHistory(generateHistory(seed)));
    assert.equal(new Set(described).size, described.length);
  });

  for (let seed = 1; seed <= smokeSeeds; seed++)
    it(`breaks nothing with seed ${seed}`, async () => {
      const { violation } = await runHistory(generateHistory(seed));
      assert.equal(violation, undefined, `npm run simulate -- --seed ${seed} --log`);
    });
});

describe('a clock that is set', () => {
  const history = (byMs: number): History => ({
    seed: 1,
    controllers: 1,
    nodes: [{ node: 'n1', zone: 'a', pool: 'blue' }],
    daemonSets: [
      {
        name: 'log',
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        minReadySeconds: 0,
        historyLimit: 2,
      },
    ],
    steps: [
      { afterMs: 5000, kind: 'failing', node: 'n1', forMs: 120_000 },
      { afterMs: 20_000, kind: 'clock-jump', byMs },
      { afterMs: 100_000, kind: 'cut' },
    ],
  });
  for (const byMs of [-600_000, 600_000])
    it(`by ${byMs / 60_000} minutes makes back-offs neither longer nor shorter`, async () => {
      const { violation, log } = await runHistory(history(byMs));
      assert.equal(violation, undefined);
      const deleted = log.filter((line) => line.includes('delete pods')).map((line) => Number(line.split(' ')[0]));
      const waits = deleted.slice(1).map((at, index) => Math.round((at - deleted[index]!) / 1000));
      // A second or two on top: the next pod has to start before it fails.
      const expected = [1, 2, 4, 8, 16, 32, 64];
      assert.ok(waits.length >= 6, waits.join());
      for (const [index, wait] of waits.entries())
        assert.ok(wait >= expected[index]! && wait <= expected[index]! + 5, waits.join());
    });

  it('by two hours, back or forth, keeps nothing waiting: not the status either', async () => {
    for (const byMs of [-7_200_000, 7_200_000]) {
      const { violation } = await runHistory(history(byMs));
      assert.equal(violation, undefined);
    }
  });
});

describe('shrinking', () => {
  it('leaves out every step, node and DaemonSet that the failure does not need', async () => {
    // A node that never comes back up keeps the cluster from converging: no fault of the controller, but a failure.
    const history: History = {
      seed: 1,
      controllers: 1,
      nodes: ['n1', 'n2', 'n3'].map((node) => ({ node, zone: 'a', pool: 'blue' })),
      daemonSets: ['log', 'net'].map((name) => ({
        name,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        minReadySeconds: 0,
        historyLimit: 2,
      })),
      steps: [
        { afterMs: 2000, kind: 'template', name: 'log', image: '2', pool: undefined },
        { afterMs: 2000, kind: 'min-ready', name: 'log', seconds: 7200 },
        { afterMs: 2000, kind: 'untaint', node: 'n1' },
        { afterMs: 2000, kind: 'template', name: 'net', image: '3', pool: undefined },
      ],
    };
    assert.equal((await runHistory(history)).violation?.invariant, 'converges');
    const shrunk = await shrinkHistory(history, 'converges');
    assert.deepEqual(
      shrunk.history.steps.map(({ kind }) => kind),
      ['min-ready'],
    );
    assert.equal(shrunk.history.daemonSets.length, 1);
    assert.ok(describeHistory(shrunk.history).includes('log gets minReadySeconds 7200'));
  });
});
