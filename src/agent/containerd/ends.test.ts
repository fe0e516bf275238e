import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Stored } from '../../api/index.ts';
import { beginAttempt, type ContainerRecord, exitAttempt, failPull, newRecords } from '../../core/pod/index.ts';
import { BackOffTeller, finalPhase } from './ends.ts';

const pod: Stored<Pod> = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { restartPolicy: 'Always', containers: [{ name: 'main', image: 'x' }] },
};
const [fresh] = newRecords(pod.spec) as [ContainerRecord];
const exited = (record: ContainerRecord, finishedMs: number, exitCode = 1) =>
  exitAttempt(record, { exitCode, reason: 'Error', startedMs: 0, finishedMs, containerId: 'r://1' });

test('each wait is told once, a wait for an image when its status says so', () => {
  const told: string[] = [];
  const teller = new BackOffTeller((_, type, reason, message) => told.push(`${type} ${reason}: ${message}`));
  const look = (record: ContainerRecord, now: number) => {
    told.length = 0;
    teller.look(pod, [record], now);
    return [...told];
  };
  const restarting = ['Warning BackOff: Back-off restarting failed container main in pod p_ns(u)'];
  assert.deepEqual(look(exited(fresh, 1_000), 1_000), [], 'the first restart does not wait');
  const twice = exited(exited(fresh, 1_000), 2_000);
  assert.deepEqual(look(twice, 2_000), restarting);
  assert.deepEqual(look(twice, 3_000), []);
  assert.deepEqual(look(exited(twice, 20_000), 20_000), restarting);
  const failed = failPull(beginAttempt(fresh), 5_000, 'no');
  assert.deepEqual(look(failed, 6_000), []);
  assert.deepEqual(look(failed, 7_000), [
    'Normal BackOff: Back-off pulling image "x"',
    'Warning Failed: Error: ImagePullBackOff',
  ]);
  assert.deepEqual(look(failed, 8_000), []);
});

test('a deleted pod has succeeded if each of its containers has; one that never ran has not', () => {
  assert.equal(finalPhase([exited(fresh, 1, 0)]), 'Succeeded');
  assert.equal(finalPhase([exited(fresh, 1, 0), exited(fresh, 1, 3)]), 'Failed');
  assert.equal(finalPhase([fresh]), 'Failed');
});
