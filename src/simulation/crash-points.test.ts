// A crash at each write of short scenes: one seed of the model here; both modes by `npm run simulate -- --crash-points`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashHistory, runCrashPoints, scenes } from './crash-points.ts';
import { runHistory } from './run.ts';

/** Fewer would mean that the scene does not happen any more. */
const writesMin = 5;

describe('a controller that dies at any of its writes', () => {
  for (const scene of scenes)
    it(`comes to the same end: ${scene.name}`, async () => {
      const { histories, failures } = await runCrashPoints(scene, [1, 2], 'model');
      assert.deepEqual(
        failures.map(({ what }) => what),
        [],
      );
      assert.ok(histories > writesMin, `${histories}`);
    });

  it('dies at the write that is meant, and the next life makes it', async () => {
    const [launch] = scenes;
    const { log } = await runHistory(crashHistory(launch!, 1, 2));
    const death = log.findIndex((line) => line.endsWith('controller-1 dies writing'));
    const writes = log.slice(0, death).filter((line) => line.includes('controller-1.1 create'));
    assert.equal(writes.length, 1);
    assert.ok(log.slice(death).some((line) => line.includes('controller-1.2 create pods')));
  });
});
