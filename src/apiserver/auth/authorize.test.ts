import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyOf, type Authorizer, type Decision } from './authorize.ts';

const attributes = { user: { name: 'ada', groups: [] }, verb: 'get', group: '', resource: 'pods' };
const yes: Decision = { allowed: true, reason: 'yes' };
const no = (reason: string): Decision => ({ allowed: false, reason });
const unasked: Authorizer = () => assert.fail('asked although it is decided');

test('the first that allows decides, and no other is asked', async () => {
  assert.deepEqual(anyOf(() => yes, unasked)(attributes), yes, 'at once');
  assert.deepEqual(
    await anyOf(
      () => no('a'),
      () => Promise.resolve(yes),
      unasked,
    )(attributes),
    yes,
  );
});

test('when none allows, the reasons of all are told in their order', async () => {
  const later = () => Promise.resolve(no('b'));
  assert.deepEqual(
    anyOf(
      () => no('a'),
      () => no(''),
      () => no('c'),
    )(attributes),
    no('a\nc'),
  );
  assert.deepEqual(
    await anyOf(
      () => no('a'),
      later,
      () => no('c'),
    )(attributes),
    no('a\nb\nc'),
  );
  assert.deepEqual(anyOf()(attributes), no(''));
});

test('an authorizer that fails allows nothing', async () => {
  const fails = () => Promise.reject(new Error('down'));
  await assert.rejects(async () => anyOf(fails, () => yes)(attributes), /down/);
});
