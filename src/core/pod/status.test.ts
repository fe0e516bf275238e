import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findCondition, type Pod } from '../../api/index.ts';
import { adoptRecords } from './adoption.ts';
import {
  beginAttempt,
  type ContainerRecord,
  exitAttempt,
  failPull,
  newRecords,
  probed,
  runAttempt,
} from './container-record.ts';
import { type PodFacts, podStatus, rejectedStatus, sameStatus } from './status.ts';

const now = Date.UTC(2026, 0, 1);
const pod: Pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: {
    restartPolicy: 'Always',
    containers: [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'y' },
    ],
  },
  status: { phase: 'Pending', qosClass: 'Burstable', conditions: [{ type: 'PodScheduled', status: 'True' }] },
};
const [a, b] = newRecords(pod.spec) as [ContainerRecord, ContainerRecord];
const run = (record: ContainerRecord, startedMs = now) =>
  runAttempt(beginAttempt(record), { startedMs, containerId: 'r://1', imageId: 'i', started: true, ready: true });
const exit = (record: ContainerRecord, exitCode = 1, finishedMs = now) =>
  exitAttempt(run(record, now), { exitCode, reason: 'Error', startedMs: now, finishedMs, containerId: 'r://1' });
const facts = (records: readonly ContainerRecord[], more: Partial<PodFacts> = {}): PodFacts => ({
  pod,
  records,
  startedMs: now,
  hostIP: '172.16.0.1',
  podIP: '10.128.1.2',
  ...more,
});

describe('the status of a pod', () => {
  test('keeps what others wrote', () => {
    const status = podStatus(facts([run(a), run(b)]), now);
    assert.equal(status.qosClass, 'Burstable');
    assert.equal(findCondition(status.conditions, 'PodScheduled')?.status, 'True');
    assert.equal(status.phase, 'Running');
  });

  test('names the containers that are not ready', () => {
    const status = podStatus(facts([run(a), probed(run(b), { started: true, ready: false })]), now);
    const ready = findCondition(status.conditions, 'Ready');
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['False', 'ContainersNotReady', 'containers with unready status: [b]'],
    );
  });

  test('tells a crash loop in the words of a kubelet, with the end of the attempt before', () => {
    const status = podStatus(facts([exit(exit(exit(a))), run(b)]), now);
    const [container] = status.containerStatuses!;
    assert.deepEqual(container!.state, {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 20s restarting failed container=a pod=p_ns(u)',
      },
    });
    assert.equal(container!.lastState?.terminated?.exitCode, 1);
    assert.equal(container!.restartCount, 2);
  });

  test('waits for the gates of others, and says which', () => {
    const gated: Pod = { ...pod, spec: { ...pod.spec, readinessGates: [{ conditionType: 'a.b/c' }] } };
    const ready = (conditions: Pod['status'] & object) => {
      const status = podStatus(facts([run(a), run(b)], { pod: { ...gated, status: conditions } }), now);
      assert.equal(findCondition(status.conditions, 'ContainersReady')?.status, 'True');
      const { reason, message, status: is } = findCondition(status.conditions, 'Ready')!;
      return [is, reason, message];
    };
    assert.deepEqual(ready({}), [
      'False',
      'ReadinessGatesNotReady',
      'corresponding condition of pod readiness gate "a.b/c" does not exist.',
    ]);
    assert.deepEqual(ready({ conditions: [{ type: 'a.b/c', status: 'False' }] }), [
      'False',
      'ReadinessGatesNotReady',
      'the status of pod readiness gate "a.b/c" is not "True", but False',
    ]);
    assert.deepEqual(ready({ conditions: [{ type: 'a.b/c', status: 'True' }] }), ['True', undefined, undefined]);
  });
  test('says of which generation of the spec it is; a deletion alone does not change it', () => {
    const of = (metadata: Pod['metadata'], status: Pod['status'] = {}) =>
      podStatus(facts([run(a), run(b)], { pod: { ...pod, metadata: { ...pod.metadata, ...metadata }, status } }), now);
    const status = of({ generation: 3 });
    assert.deepEqual([status.observedGeneration, status.conditions?.[0]?.observedGeneration], [3, 3]);
    const leaving = of({ generation: 4, deletionTimestamp: '2026-01-01T00:00:00Z' }, status);
    assert.equal(sameStatus(status, leaving), true);
  });
  test('of a pod with init containers says PodInitializing until its containers run', () => {
    const spec = { ...pod.spec, initContainers: [{ name: 'i', image: 'x' }] };
    const [init, ...main] = newRecords(spec);
    const done = exitAttempt(run(init!), {
      exitCode: 0,
      reason: 'Completed',
      startedMs: now,
      finishedMs: now,
      containerId: 'r://1',
    });
    const status = podStatus(facts([done, beginAttempt(main[0]!), main[1]!], { pod: { ...pod, spec } }), now);
    assert.equal(status.containerStatuses?.[0]?.state?.waiting?.reason, 'PodInitializing');
    const plain = podStatus(facts([beginAttempt(a), b]), now);
    assert.equal(plain.containerStatuses?.[0]?.state?.waiting?.reason, 'ContainerCreating');
  });
  test('of a decreed end is final: containers are terminated, not waiting for a restart', () => {
    const status = podStatus(facts([exit(a), exit(b)], { decree: { phase: 'Failed', reason: 'Evicted' } }), now);
    assert.deepEqual([status.phase, status.reason], ['Failed', 'Evicted']);
    assert.notEqual(status.containerStatuses![0]!.state?.terminated, undefined);
    assert.equal(findCondition(status.conditions, 'Ready')?.reason, 'PodFailed');
  });

  test('of a pod that had to go for its node says so', () => {
    const decree = { phase: 'Failed', reason: 'Evicted', message: 'low', disrupts: true } as const;
    const { conditions } = podStatus(facts([exit(a), exit(b)], { decree }), now);
    const { status, reason, message } = findCondition(conditions, 'DisruptionTarget')!;
    assert.deepEqual([status, reason, message], ['True', 'TerminationByKubelet', 'low']);
  });
  test('of a rejected pod has no containers', () => {
    const status = rejectedStatus(pod, 'OutOfcpu', 'no room', now);
    assert.deepEqual(
      [status.phase, status.reason, status.message],
      ['Failed', 'OutOfcpu', 'Pod was rejected: no room'],
    );
    assert.equal(status.containerStatuses, undefined);
  });

  test('keeps the times of conditions that did not move, so that it is the same an hour later', () => {
    const first = podStatus(facts([run(a), run(b)]), now);
    const later = podStatus(facts([run(a), run(b)], { pod: { ...pod, status: first } }), now + 3_600_000);
    assert.equal(sameStatus(first, later), true);
    const unready = podStatus(facts([run(a), exit(b)], { pod: { ...pod, status: first } }), now + 3_600_000);
    assert.equal(sameStatus(first, unready), false);
    assert.equal(findCondition(unready.conditions, 'Ready')?.lastTransitionTime, '2026-01-01T01:00:00Z');
    assert.equal(findCondition(unready.conditions, 'Initialized')?.lastTransitionTime, '2026-01-01T00:00:00Z');
  });
});

test('an agent without memory goes on where it was: adopting a status and reporting again changes nothing', () => {
  const step = fc.constantFrom<(record: ContainerRecord) => ContainerRecord>(
    (record) => record,
    (record) => run(record),
    (record) => probed(run(record), { started: true, ready: false }),
    (record) => exit(record),
    (record) => exit(exit(record), 0),
    (record) => exit(exit(exit(record))),
    (record) => failPull(beginAttempt(record), now - 60_000, 'not found'),
  );
  fc.assert(
    fc.property(step, step, (first, second) => {
      const written = podStatus(facts([first(a), second(b)]), now);
      // The pull back-off starts anew on adoption, with ErrImagePull: two seconds later it reads the same.
      const adopted = adoptRecords({ ...pod, status: written }, now);
      const reported = podStatus(facts(adopted, { pod: { ...pod, status: written } }), now + 2_000);
      assert.deepEqual(reported, written);
    }),
  );
});
