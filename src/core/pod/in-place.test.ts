import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, Pod, PodSpec } from '../../api/index.ts';
import { nodeOffer, NodeUsage, podDemand } from '../scheduling/index.ts';
import { admitResize } from './admission.ts';
import {
  beginAttempt,
  type ContainerRecord,
  exitAttempt,
  failPull,
  newRecords,
  refuseAttempt,
  runAttempt,
} from './container-record.ts';
import {
  allocatedSpec,
  followImages,
  grantResources,
  outdated,
  resizesDue,
  startAnew,
  wantsResize,
} from './in-place.ts';
import { planPod } from './plan.ts';
import { podStatus } from './status.ts';

const specOf = (image: string, more: Partial<PodSpec> = {}): PodSpec => ({
  containers: [{ name: 'main', image }],
  ...more,
});
const ran = { startedMs: 0, containerId: 'containerd://1', imageId: 'sha256:1', started: true, ready: true };
const fresh = (spec: PodSpec) => newRecords(spec)[0]!;
const running = (spec: PodSpec) => runAttempt(beginAttempt(fresh(spec)), ran);
const ended = (record: ContainerRecord, exitCode = 1) =>
  exitAttempt(record, { exitCode, reason: 'Error', startedMs: 0, finishedMs: 1_000, containerId: ran.containerId });
/** What is started at 1.5 s after the spec named another image. */
const startedWith = (spec: PodSpec, record: ContainerRecord) => {
  const records = followImages(spec, [record]);
  return [planPod(spec, records, 1_500).start.length > 0, records[0]!.image];
};

describe('another image', () => {
  const next = specOf('b');

  test('ends what runs, and it starts again at once, whatever its policy and its past', () => {
    const spec = specOf('b', { restartPolicy: 'Never' });
    const crashed = ended(ended(running(specOf('a'))));
    const record = runAttempt(beginAttempt(crashed), ran);
    assert.deepEqual(followImages(spec, [record]), [record], 'it runs with what it has');
    assert.deepEqual(
      outdated(spec, [record]).map(({ name }) => name),
      ['main'],
    );
    const anew = startAnew(ended(record, 0));
    assert.deepEqual([anew.restartCount, anew.exitsInARow, anew.lastExit?.exitCode], [record.restartCount + 1, 0, 0]);
    assert.deepEqual(startedWith(spec, anew), [true, 'b']);
    assert.deepEqual(outdated(spec, [running(spec)]), []);
  });

  test('is tried at once where the old one is waited for', () => {
    const begun = beginAttempt(fresh(specOf('a')));
    const waiting: readonly ContainerRecord[] = [
      failPull(begun, 1_000, 'no such image'),
      refuseAttempt(begun, { reason: 'ErrImageNeverPull', message: '', failedMs: 1_000 }),
      ended(ended(ended(running(specOf('a'))))),
    ];
    for (const record of waiting) {
      assert.deepEqual(startedWith(specOf('a'), record), [false, 'a']);
      assert.deepEqual(startedWith(next, record), [true, 'b']);
    }
  });

  test('starts nothing that is to stay ended, and lets an init container finish', () => {
    const done = ended(running(specOf('a')), 0);
    assert.deepEqual(startedWith(specOf('b', { restartPolicy: 'OnFailure' }), done), [false, 'a']);
    const spec: PodSpec = { initContainers: [{ name: 'init', image: 'b' }], containers: [] };
    const init = runAttempt(beginAttempt({ ...fresh(spec), image: 'a' }), ran);
    assert.deepEqual(outdated(spec, [init]), []);
    const sidecar: PodSpec = { ...spec, initContainers: [{ ...spec.initContainers![0]!, restartPolicy: 'Always' }] };
    assert.equal(outdated(sidecar, [{ ...init, kind: 'sidecar' }]).length, 1);
  });

  test('changes nothing when it is the same one', () => {
    const records = [running(specOf('a'))];
    assert.equal(followImages(specOf('a'), records), records);
  });
});

describe('other resources', () => {
  const withCpu = (cpu: string, memory = '1Gi', restartPolicy = 'NotRequired'): PodSpec => ({
    containers: [
      {
        name: 'main',
        resources: { requests: { cpu }, limits: { memory } },
        resizePolicy: [{ resourceName: 'memory', restartPolicy }],
      },
    ],
  });
  const before = [running(withCpu('500m'))];

  test('are asked for when they mean something else, not when they are written differently', () => {
    assert.equal(wantsResize(withCpu('0.5', '1024Mi'), before), false);
    assert.equal(wantsResize(withCpu('501m'), before), true);
    assert.equal(wantsResize(specOf('a'), before), true);
  });

  test('are given to what runs once they are granted, with a restart where the policy of that resource says so', () => {
    const spec = withCpu('1', '1Gi', 'RestartContainer');
    assert.deepEqual(resizesDue(spec, before), [], 'not granted');
    const [due] = resizesDue(spec, grantResources(spec, before));
    assert.deepEqual([due?.container.resources?.requests, due?.restart], [{ cpu: '1' }, false]);
    const larger = withCpu('500m', '2Gi', 'RestartContainer');
    assert.equal(resizesDue(larger, grantResources(larger, before))[0]?.restart, true);
    assert.equal(resizesDue(withCpu('1', '2Gi'), grantResources(withCpu('1', '2Gi'), before))[0]?.restart, false);
  });

  test('come with the next start where nothing runs', () => {
    const spec = withCpu('1');
    const [record] = grantResources(spec, [ended(before[0]!)]);
    assert.deepEqual(resizesDue(spec, [record!]), []);
    assert.deepEqual(beginAttempt(record!).resources.requests, { cpu: '1' });
  });

  test('use the node only as far as they are granted', () => {
    const spec = withCpu('4');
    assert.equal(podDemand(allocatedSpec(spec, before)).requests.get('cpu'), 500);
    assert.equal(podDemand(allocatedSpec(spec, grantResources(spec, before))).requests.get('cpu'), 4_000);
  });

  test('that the node can never give are infeasible, that it cannot give now are deferred', () => {
    const node: Node = { metadata: { name: 'n' }, status: { allocatable: { cpu: '2', pods: '9' } } };
    const usage = new NodeUsage();
    usage.add(podDemand({ containers: [{ name: 'other', resources: { requests: { cpu: '1' } } }] }));
    const ask = (cpu: string) => {
      const spec = { containers: [{ name: 'main', resources: { requests: { cpu } } }] };
      const refusal = admitResize(podDemand(spec), { offer: nodeOffer(node), usage });
      return refusal === undefined ? 'granted' : `${refusal.reason}: ${refusal.message}`;
    };
    assert.equal(ask('1'), 'granted');
    assert.equal(
      ask('1500m'),
      "Deferred: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    );
    assert.equal(ask('3'), "Infeasible: Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000");
  });

  test('stand in the status as granted and as given, and a condition says what is pending, only while it is', () => {
    const spec = withCpu('1');
    const pod: Pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec };
    const facts = { pod, records: before, startedMs: 0, hostIP: '', podIP: undefined };
    const resize = { type: 'PodResizePending', reason: 'Deferred', message: 'later' } as const;
    const status = podStatus({ ...facts, resize }, 0);
    assert.deepEqual(
      status.conditions?.find(({ type }) => type === 'PodResizePending'),
      { ...resize, status: 'True', lastTransitionTime: '1970-01-01T00:00:00Z' },
    );
    const [container] = status.containerStatuses!;
    assert.deepEqual(
      [container?.allocatedResources, container?.resources?.requests],
      [{ cpu: '500m' }, { cpu: '500m' }],
    );
    const after = podStatus({ ...facts, pod: { ...pod, status }, records: grantResources(spec, before) }, 0);
    assert.equal(
      after.conditions?.some(({ type }) => type.startsWith('PodResize')),
      false,
    );
    assert.deepEqual(after.containerStatuses![0]?.allocatedResources, { cpu: '1' });
  });
});
