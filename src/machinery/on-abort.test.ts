import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onAbort } from './on-abort.ts';

test('all who wait for a signal are called once, except those who took it back', () => {
  const controller = new AbortController();
  const called: string[] = [];
  const twice = () => called.push('twice');
  onAbort(controller.signal, () => called.push('first'));
  onAbort(controller.signal, twice);
  onAbort(controller.signal, twice);
  const forget = onAbort(controller.signal, () => called.push('never'));
  forget();
  forget();
  controller.abort();
  controller.abort();
  assert.deepEqual(called, ['first', 'twice', 'twice']);
});
