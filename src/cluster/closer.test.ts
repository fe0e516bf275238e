import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCloser } from './closer.ts';

test('what was opened last is closed first, once, and a failure does not keep the rest open', async () => {
  const closed: string[] = [];
  const closer = createCloser();
  for (const name of ['store', 'server', 'listener']) {
    closer.add(async () => {
      closed.push(name);
      if (name === 'server') throw new Error('server does not close');
    });
  }
  await assert.rejects(closer.close(), /server does not close/);
  await assert.rejects(closer.close(), /server does not close/);
  assert.deepEqual(closed, ['listener', 'server', 'store']);
});
