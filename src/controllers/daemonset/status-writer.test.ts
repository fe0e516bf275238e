// How often a status is written while pods come one by one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { interceptCalls } from '../../client/index.ts';
import { sleep } from '../../machinery/index.ts';
import { createWorld, fluentd } from './world.test-support.ts';

const nodes = 60;

/** A pod gets ready every half second; at which times the status is written, by a server that takes so long for it. */
async function writesIn(seconds: number, answerMs: number) {
  await using world = createWorld(nodes);
  const { clock, client } = world;
  const writtenAt: number[] = [];
  const slow = interceptCalls(client, {
    around: async ({ verb, subresource }, run) => {
      if (verb === 'update' && subresource === 'status') {
        writtenAt.push(clock.now());
        await sleep(clock, answerMs);
      }
      return run();
    },
  });
  world.apply(fluentd());
  await world.start({ client: slow });
  await clock.advance(20_000);
  writtenAt.length = 0;
  let ready = 0;
  for (let step = 0; step < seconds * 2; step++) {
    ready++;
    let seen = 0;
    await world.agents({ ready: () => seen++ < ready });
    await clock.advance(500);
  }
  await clock.advance(20_000);
  return { count: writtenAt.length, numberReady: world.daemonSet().status?.numberReady };
}

describe('a status that changes all the time', () => {
  it('is written once a second', async () => {
    const { count, numberReady } = await writesIn(20, 10);
    assert.ok(count >= 18 && count <= 22, `${count} writes`);
    assert.equal(numberReady, 40);
  });

  it('is written a tenth of the time at most, and is right in the end', async () => {
    const { count, numberReady } = await writesIn(20, 400);
    assert.ok(count >= 4 && count <= 7, `${count} writes`);
    assert.equal(numberReady, 40);
  });

  it('is not held up for ever by a server that takes very long', async () => {
    const { count, numberReady } = await writesIn(25, 4000);
    assert.ok(count >= 3, `${count} writes`);
    assert.equal(numberReady, 50);
  });
});
