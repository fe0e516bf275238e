import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPolicy, Stored } from '../../api/index.ts';
import { PolicyIndex } from './policy-index.ts';

function policy(name: string, version: number, target: unknown = 'agent', createdAt = 0): Stored<RolloutPolicy> {
  return {
    metadata: {
      name,
      namespace: 'system',
      uid: `uid-${name}`,
      resourceVersion: String(version),
      creationTimestamp: new Date(createdAt).toISOString(),
    },
    spec: { targetRef: { name: target as string } },
  };
}

const namesOf = (index: PolicyIndex, key: string) => index.of(key).map(({ metadata: { name } }) => name);

test('the oldest policy of a DaemonSet comes first, of two made in one second that with the lesser name', () => {
  const index = new PolicyIndex();
  assert.deepEqual(index.set(policy('young', 1, 'agent', 5000)), ['system/agent']);
  index.set(policy('b', 2));
  index.set(policy('a', 3));
  assert.deepEqual(namesOf(index, 'system/agent'), ['a', 'b', 'young']);
  assert.deepEqual(namesOf(index, 'other/agent'), []);
});

test('what is older than what is known changes nothing: an answer may come before its event, and an event late', () => {
  const index = new PolicyIndex();
  index.set(policy('a', 7));
  assert.deepEqual(index.set(policy('a', 7)), []);
  assert.deepEqual(index.set(policy('a', 6, 'another')), []);
  assert.deepEqual(namesOf(index, 'system/agent'), ['a']);
  assert.deepEqual(index.set(policy('a', 8)), ['system/agent']);
});

test('a policy that turns to another DaemonSet concerns both', () => {
  const index = new PolicyIndex();
  index.set(policy('a', 1));
  assert.deepEqual(index.set(policy('a', 2, 'another')), ['system/agent', 'system/another']);
  assert.deepEqual(namesOf(index, 'system/agent'), []);
  assert.deepEqual(namesOf(index, 'system/another'), ['a']);
  assert.deepEqual(index.set(policy('a', 3, 'Not A Name')), ['system/another']);
  assert.deepEqual(namesOf(index, 'system/another'), []);
});

test('one that names nothing is left alone, one that goes leaves nothing behind', () => {
  const index = new PolicyIndex();
  for (const name of ['', 7, null, {}]) assert.deepEqual(index.set(policy('x', 1, name)), []);
  index.set(policy('a', 1));
  assert.deepEqual(index.remove(policy('a', 2)), ['system/agent']);
  assert.deepEqual(index.remove(policy('a', 2)), []);
  assert.deepEqual(namesOf(index, 'system/agent'), []);
});

test('an answer that comes after the end of its policy does not bring it back', () => {
  const index = new PolicyIndex();
  index.set(policy('a', 1));
  index.learn(policy('a', 2));
  assert.equal(index.of('system/agent')[0]?.metadata.resourceVersion, '2');
  index.remove(policy('a', 3));
  index.learn(policy('a', 4));
  assert.deepEqual(namesOf(index, 'system/agent'), []);
});
