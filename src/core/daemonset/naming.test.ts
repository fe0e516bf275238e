import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, node, now, pod, second, slot, target, terminating } from './builders.test-support.ts';
import { nextPodName } from './naming.ts';
import type { PodView } from './views.ts';

const gone = { ...failed, ...terminating };
const name = (...pods: PodView[]) => nextPodName(slot(node(), pods), target(), 'new');

test('without a pod of the revision, the name is that of the first one', () => {
  const first = name();
  assert.equal(name(), first);
  assert.equal(name(pod('old', { revision: 'old', ...terminating })), first);
  assert.equal(name(pod('live')), first);
});

test('a pod of the revision that finished or leaves makes another name, and so does its successor', () => {
  const names = [name()];
  const pods: PodView[] = [];
  for (let index = 0; index < 4; index++) {
    pods.push(pod(names.at(-1)!, { ...gone, createdAt: now + index * second }));
    names.push(name(...pods));
  }
  assert.equal(new Set(names).size, 5);
});

test('a pod whose deletion was sent is in the way too', () => {
  const leaving = slot(node(), [pod('a')], { deleting: new Map([['uid-a', now]]) });
  assert.equal(nextPodName(leaving, target(), 'new'), name(pod('a', terminating)));
});

test('the order in which pods were heard of plays no part, though they were made in the same second', () => {
  const a = pod('a', gone);
  const b = pod('b', gone);
  assert.equal(name(a, b), name(b, a));
});

test('of two made in the same second the name is made after the later, whose own name was made after the earlier', () => {
  const first = pod(name(), { ...gone, uid: 'uid-a' });
  for (const uid of ['uid-0', 'uid-b']) {
    const second = pod(name(first), { ...gone, uid });
    assert.equal(name(first, second), name(second));
    assert.equal(name(second, first), name(second));
  }
});

test('when the earlier one is gone at last, the name stays as it was', () => {
  const first = pod(name(), { ...gone, uid: 'uid-a', createdAt: now });
  const later = pod(name(first), { ...gone, uid: 'uid-b', createdAt: now + second });
  assert.equal(name(first, later), name(later));
});
