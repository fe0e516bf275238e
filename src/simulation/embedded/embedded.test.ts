// The second mode: one seed is one history here too, bit for bit, and a handful of seeds finds nothing. The longer run is
// `npm run simulate -- --embedded`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateHistory } from '../generate.ts';
import { runHistory } from '../run.ts';

/** In 780 a status write met a Conflict, and a pod stayed Pending for ever. */
const smokeSeeds = [1, 55, 780];

describe('a history around the real API server, scheduler, controllers and simulated nodes', () => {
  it('is the same, bit for bit, whenever it is run', async () => {
    // Seed 16 restarts the API server and crashes the controller.
    const [first, second] = [
      await runHistory(generateHistory(16), 'embedded'),
      await runHistory(generateHistory(16), 'embedded'),
    ];
    assert.ok(first.log.length > 300);
    assert.deepEqual(second.log, first.log);
  });

  it('goes on when the clock of its machine is set by two hours, back or forth', async () => {
    for (const byMs of [-7_200_000, 7_200_000]) {
      const { nodes, daemonSets } = generateHistory(1);
      const { violation } = await runHistory(
        {
          seed: 1,
          controllers: 1,
          nodes,
          daemonSets,
          steps: [
            { afterMs: 20_000, kind: 'clock-jump', byMs },
            { afterMs: 60_000, kind: 'template', name: 'log', image: '2' },
            { afterMs: 5000, kind: 'down', node: nodes[0]!.node, forMs: 120_000 },
            { afterMs: 90_000, kind: 'cut' },
          ],
        },
        'embedded',
      );
      assert.equal(violation, undefined);
    }
  });

  for (const seed of smokeSeeds)
    it(`breaks nothing with seed ${seed}`, async () => {
      const { violation } = await runHistory(generateHistory(seed), 'embedded');
      assert.equal(violation, undefined, `npm run simulate -- --embedded --seed ${seed} --log`);
    });
});
