import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnscheduledAndTerminating, surplusFinished } from './pod-garbage.ts';

test('the oldest finished pods above the threshold are surplus', () => {
  const pods = [3, 1, 2].map((createdMs) => ({ key: `p${createdMs}`, createdMs }));
  assert.deepEqual(
    surplusFinished(pods, 1).map(({ key }) => key),
    ['p1', 'p2'],
  );
  assert.deepEqual(surplusFinished(pods, 3), []);
});

test('a threshold of 0 keeps all', () => assert.deepEqual(surplusFinished([{ key: 'a', createdMs: 1 }], 0), []));

test('a pod that was never bound and is being deleted waits for nobody', () => {
  const pod = (nodeName: string, deletionTimestamp?: string) => ({
    metadata: { name: 'a', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    spec: { containers: [], nodeName },
  });
  assert.equal(isUnscheduledAndTerminating(pod('', 'now')), true);
  assert.equal(isUnscheduledAndTerminating(pod('node-1', 'now')), false);
  assert.equal(isUnscheduledAndTerminating(pod('')), false);
});
