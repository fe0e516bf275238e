import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, formatTime, resources, StatusError } from '../../api/index.ts';
import { world } from './world.test-support.ts';

test('a pod runs, in one write, with what a kubelet reports', async (t) => {
  const { addPod, clock, container, isReady, pod, run, statusWrites } = world(t);
  await run(1);
  addPod('p');
  await clock.advance(1_000);
  const { status } = pod('p')!;
  assert.equal(status?.phase, 'Running');
  assert.equal(status?.qosClass, 'BestEffort');
  assert.equal(isReady('p'), true);
  assert.deepEqual(
    status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    ['PodScheduled=True', 'PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True'],
  );
  assert.match(status?.podIP ?? '', /^10\.128\.1\./);
  assert.match(status?.hostIP ?? '', /^172\.16\./);
  assert.equal(container('p')?.ready, true);
  assert.match(container('p')?.containerID ?? '', /^simulated:\/\/[0-9a-f]{32}$/);
  assert.equal(statusWrites(), 1);
});

test('a status write that met a Conflict is made again', async (t) => {
  const { addPod, client, clock, phase, run } = world(t);
  await run(1);
  client.failNext('patch', 'pods/status', new StatusError('Conflict', 'lost to another write'));
  addPod('p');
  await clock.advance(5_000);
  assert.equal(phase('p'), 'Running');
});

test('a pod in the network of its host has the address of its host', async (t) => {
  const { addPod, clock, pod, run } = world(t);
  await run(1);
  addPod('p', { hostNetwork: true });
  await clock.advance(1_000);
  assert.equal(pod('p')!.status?.podIP, pod('p')!.status?.hostIP);
});

test('a settled pod is not written again', async (t) => {
  const { addPod, client, clock, run } = world(t);
  await run(1);
  addPod('p');
  await clock.advance(5_000);
  client.calls.length = 0;
  await clock.advance(3_600_000);
  assert.equal(client.calls.filter(({ resource }) => resource.startsWith('pods')).length, 0);
});

test('a container that was added to a running pod runs too, and is reported once', async (t) => {
  const { addPod, client, clock, pod, run } = world(t);
  await run(1);
  addPod('p');
  await clock.advance(1_000);
  const before = pod('p')!;
  const spec = { ...before.spec, ephemeralContainers: [{ name: 'look', image: 'busybox:2' }] };
  await client.update(resources.pods, { ...before, spec });
  await clock.advance(1_000);
  const [status] = pod('p')!.status?.ephemeralContainerStatuses ?? [];
  assert.equal(status?.name, 'look');
  assert.ok(status.state?.running !== undefined);
  client.calls.length = 0;
  await clock.advance(3_600_000);
  assert.deepEqual(pod('p')!.status?.ephemeralContainerStatuses, [status]);
  assert.equal(client.calls.filter(({ resource }) => resource.startsWith('pods')).length, 0);
});

test('a slow start shows as ContainerCreating first', async (t) => {
  const { addPod, clock, container, phase, run } = world(t);
  await run(1, ['image=*: start 5s']);
  addPod('p');
  await clock.advance(1_000);
  assert.equal(phase('p'), 'Pending');
  assert.equal(container('p')?.state?.waiting?.reason, 'ContainerCreating');
  await clock.advance(4_000);
  assert.equal(phase('p'), 'Running');
});

test('an image that cannot be pulled goes from ErrImagePull to ImagePullBackOff', async (t) => {
  const { addPod, clock, container, events, phase, run } = world(t);
  await run(1, ['image=*:non-existent: ImagePullBackOff']);
  addPod('p', { containers: [{ name: 'main', image: 'x:non-existent' }] });
  await clock.advance(1_000);
  assert.equal(container('p')?.state?.waiting?.reason, 'ErrImagePull');
  await clock.advance(2_000);
  assert.equal(container('p')?.state?.waiting?.reason, 'ImagePullBackOff');
  assert.match(
    container('p')?.state?.waiting?.message ?? '',
    /^Back-off pulling image "x:non-existent": ErrImagePull: /,
  );
  assert.equal(phase('p'), 'Pending');
  await clock.advance(60_000);
  // At 0, 10 and 30 s; the next is due at 70 s.
  assert.equal(events.filter((event) => event.startsWith('Warning Failed: Failed to pull image')).length, 3);
});

test('a crashing container restarts with a growing back-off', async (t) => {
  const { addPod, clock, container, isReady, phase, run } = world(t);
  await run(1, ['image=*: CrashLoopBackOff after 5s, start 0s']);
  addPod('p');
  const restarts: number[] = [];
  for (let second = 0; second < 100; second++) {
    await clock.advance(1_000);
    restarts.push(container('p')?.restartCount ?? 0);
  }
  // It runs for 5 s each time; the waits between are 0, 10, 20 and 40 s.
  assert.deepEqual(
    [1, 2, 3, 4].map((count) => restarts.indexOf(count) + 1),
    [5, 20, 45, 90],
  );
  assert.equal(container('p')?.state?.waiting?.reason, 'CrashLoopBackOff');
  assert.match(
    container('p')?.state?.waiting?.message ?? '',
    /^back-off 1m20s restarting failed container=main pod=p_default\(/,
  );
  assert.equal(container('p')?.lastState?.terminated?.exitCode, 1);
  assert.equal(phase('p'), 'Running');
  assert.equal(isReady('p'), false);
});

test('Failed, Succeeded and NeverReady do what they say', async (t) => {
  const { addPod, clock, container, isReady, phase, run } = world(t);
  await run(1);
  const simulate = (text: string) => ({ annotations: { 'everynode.dev/simulate': text } });
  addPod('failing', {}, simulate('Failed after 5s'));
  addPod('done', {}, simulate('Succeeded'));
  addPod('sick', {}, simulate('NeverReady'));
  await clock.advance(2_000);
  assert.deepEqual(['failing', 'done', 'sick'].map(phase), ['Running', 'Succeeded', 'Running']);
  await clock.advance(10_000);
  assert.deepEqual(['failing', 'done', 'sick'].map(phase), ['Failed', 'Succeeded', 'Running']);
  assert.equal(container('failing')?.state?.terminated?.exitCode, 1);
  assert.equal(container('done')?.state?.terminated?.reason, 'Completed');
  assert.equal(isReady('sick'), false);
});

test('a pod that was active for longer than its deadline ends, and stays ended', async (t) => {
  const { addPod, clock, container, phase, pod, run } = world(t);
  await run(1);
  addPod('p', { activeDeadlineSeconds: 60 });
  await clock.advance(59_000);
  assert.equal(phase('p'), 'Running');
  await clock.advance(2_000);
  assert.equal(phase('p'), 'Failed');
  assert.equal(pod('p')!.status?.reason, 'DeadlineExceeded');
  assert.notEqual(container('p')?.state?.terminated, undefined);
  await clock.advance(600_000);
  assert.equal(phase('p'), 'Failed');
});

test('an annotation can be set and taken away while the pod runs', async (t) => {
  const { addPod, client, clock, isReady, run } = world(t);
  await run(1);
  addPod('p');
  await clock.advance(1_000);
  const annotate = (value: string | null) =>
    client.patch(resources.pods, 'default', 'p', 'merge', {
      metadata: { annotations: { 'everynode.dev/simulate': value } },
    });
  await annotate('NeverReady');
  await clock.advance(0);
  assert.equal(isReady('p'), false);
  await annotate(null);
  await clock.advance(0);
  assert.equal(isReady('p'), true);
});

test("a node's annotation holds for its pods, also for those that run already", async (t) => {
  const { addPod, client, clock, isReady, run } = world(t);
  await run(1);
  addPod('p');
  addPod('own', {}, { annotations: { 'everynode.dev/simulate': 'start 0s' } });
  await clock.advance(1_000);
  const annotate = (value: string | null) =>
    client.patch(resources.nodes, undefined, 'node-1', 'merge', {
      metadata: { annotations: { 'everynode.dev/simulate': value } },
    });
  await annotate('NeverReady');
  await clock.advance(0);
  assert.deepEqual(['p', 'own'].map(isReady), [false, false]);
  await annotate(null);
  await clock.advance(0);
  assert.deepEqual(['p', 'own'].map(isReady), [true, true]);
});

test('an annotation that cannot be read is said so in an event, and the pod runs as any other', async (t) => {
  const { addPod, clock, events, phase, run } = world(t);
  await run(1);
  addPod('p', {}, { annotations: { 'everynode.dev/simulate': 'Explode' } });
  await clock.advance(1_000);
  assert.equal(phase('p'), 'Running');
  assert.match(events[0] ?? '', /^Warning InvalidSimulation: everynode.dev\/simulate: 'Explode' is none of /);
});

test('a deleted pod stops and is let go, with its UID', async (t) => {
  const { addPod, client, clock, pod, run } = world(t);
  await run(1);
  const { uid } = addPod('p').metadata;
  await clock.advance(1_000);
  await client.delete(resources.pods, 'default', 'p', { gracePeriodSeconds: 30 });
  await clock.advance(100);
  assert.notEqual(pod('p'), undefined);
  await clock.advance(100);
  assert.equal(pod('p'), undefined);
  const last = client.calls.findLast(({ verb, resource }) => verb === 'delete' && resource === 'pods')!.body;
  assert.deepEqual(
    { ...(last as object), signal: undefined },
    { gracePeriodSeconds: 0, preconditions: { uid }, signal: undefined },
  );
});

test('a slow stop is cut short by the grace period', async (t) => {
  const { addPod, client, clock, pod, run } = world(t);
  await run(1, ['image=*: stop 10m']);
  addPod('p');
  await clock.advance(1_000);
  await client.delete(resources.pods, 'default', 'p', { gracePeriodSeconds: 30 });
  await clock.advance(29_900);
  assert.notEqual(pod('p'), undefined);
  await clock.advance(100);
  assert.equal(pod('p'), undefined);
});

test('a deletion without grace that the API server began and did not end is ended', async (t) => {
  // It marks the pod and then removes it; whoever asked may have gone in between.
  const { addPod, clock, pod, run } = world(t);
  await run(1);
  const deletionTimestamp = formatTime(clock.now());
  addPod('p', {}, { deletionTimestamp, deletionGracePeriodSeconds: 0 });
  await clock.advance(1_000);
  assert.equal(pod('p'), undefined);
});

test('a pod that a finalizer holds ends as Succeeded, and is not deleted over and over', async (t) => {
  const { addPod, client, clock, phase, run } = world(t);
  await run(1);
  addPod('p', {}, { finalizers: ['x/y'] });
  await clock.advance(1_000);
  await client.delete(resources.pods, 'default', 'p', { gracePeriodSeconds: 1 });
  await clock.advance(60_000);
  assert.equal(phase('p'), 'Succeeded');
  assert.equal(client.count('delete', 'pods'), 2);
});

test('a pod that does not fit is rejected, and stays so', async (t) => {
  const { addPod, clock, container, events, pod, run } = world(t);
  await run(1);
  const asking = (cpu: string) => ({ containers: [{ name: 'main', image: 'x', resources: { requests: { cpu } } }] });
  addPod('first', asking('3'));
  await clock.advance(1_000);
  addPod('second', asking('2'));
  await clock.advance(1_000);
  const { status } = pod('second')!;
  assert.deepEqual([status?.phase, status?.reason], ['Failed', 'OutOfcpu']);
  const message = "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000";
  assert.equal(status?.message, `Pod was rejected: ${message}`);
  assert.equal(container('second'), undefined);
  assert.ok(events.includes(`Warning OutOfcpu: ${message}`));
});

test('a restarted fleet adopts its pods and changes nothing', async (t) => {
  const { addPod, client, clock, pod, run } = world(t);
  const first = await run(2);
  const large = { containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: '3' } } }] };
  addPod('p', large);
  addPod('crashing', {}, { annotations: { 'everynode.dev/simulate': 'CrashLoopBackOff' } });
  await clock.advance(15_000);
  const before = client.all(resources.pods);
  await first.stop();
  // A node admits a pod once: what has changed since does not matter to those that it has.
  await client.patch(resources.nodes, undefined, 'node-1', 'merge', {
    spec: { taints: [{ key: 'x', effect: 'NoExecute' }] },
  });
  client.calls.length = 0;
  await clock.advance(3_000);
  await run(2);
  await clock.advance(5_000);
  assert.deepEqual(client.all(resources.pods), before);
  assert.equal(client.count('patch', 'pods/status'), 0);
  assert.equal(client.count('create', 'nodes'), 0);
  // What adopted pods use is counted: another that large has no room, and a small one gets an address of its own.
  const tolerations = [{ operator: 'Exists' }];
  addPod('large', { ...large, tolerations });
  addPod('small', { tolerations });
  await clock.advance(1_000);
  assert.equal(pod('large')?.status?.reason, 'OutOfcpu');
  assert.equal(new Set(['p', 'crashing', 'small'].map((name) => pod(name)?.status?.podIP)).size, 3);
});

test('a pod that was declared not ready while its node was lost says that it is ready when the node is back', async (t) => {
  const { addPod, client, clock, isReady, run } = world(t);
  await run(1);
  addPod('p');
  await clock.advance(1_000);
  const condition = { type: 'Ready', status: 'False' };
  await client.patch(
    resources.pods,
    'default',
    'p',
    'strategic',
    { status: { conditions: [condition] } },
    { subresource: 'status' },
  );
  await clock.advance(0);
  assert.equal(isReady('p'), true);
});

test('init containers run in order, sidecars stay, and the pod is ready when all are', async (t) => {
  const { addPod, clock, pod, run } = world(t);
  await run(1, ['image=slow: start 5s']);
  addPod('p', {
    initContainers: [
      { name: 'setup', image: 'slow' },
      { name: 'proxy', image: 'x', restartPolicy: 'Always' },
    ],
  });
  await clock.advance(1_000);
  const status = () => pod('p')!.status!;
  assert.equal(status().phase, 'Pending');
  assert.equal(
    findCondition(status().conditions, 'Initialized')?.message,
    'containers with incomplete status: [setup proxy]',
  );
  await clock.advance(6_000);
  assert.equal(status().phase, 'Running');
  assert.equal(status().initContainerStatuses?.[0]?.state?.terminated?.reason, 'Completed');
  assert.notEqual(status().initContainerStatuses?.[1]?.state?.running, undefined);
});

test('another image restarts its container; resources are given as far as the node has them', async (t) => {
  const { addPod, client, clock, container, events, pod, run } = world(t);
  const { stop } = await run(1);
  const withCpu = (cpu: string, image = 'a:1') => [{ name: 'main', image, resources: { requests: { cpu } } }];
  addPod('p', { containers: withCpu('1') });
  addPod('other', { containers: withCpu('2') });
  await clock.advance(1_000);
  const change = async (containers: ReturnType<typeof withCpu>) => {
    await client.patch(resources.pods, 'default', 'p', 'merge', { spec: { containers } });
    await clock.advance(1_000);
  };
  const pending = () =>
    pod('p')!
      .status?.conditions?.filter(({ type }) => type.startsWith('PodResize'))
      .map(({ reason }) => reason);

  await change(withCpu('1', 'a:2'));
  assert.deepEqual([container('p')?.image, container('p')?.restartCount, container('p')?.ready], ['a:2', 1, true]);
  assert.ok(events.includes('Normal Killing: Container main definition changed, will be restarted'));
  await change(withCpu('2', 'a:2'));
  assert.deepEqual([container('p')?.allocatedResources, pending()], [{ cpu: '2' }, []]);
  await change(withCpu('3', 'a:2'));
  assert.deepEqual([container('p')?.allocatedResources, pending()], [{ cpu: '2' }, ['Deferred']]);
  await change(withCpu('5', 'a:2'));
  assert.deepEqual(pending(), ['Infeasible']);
  await change(withCpu('3', 'a:2'));
  await client.delete(resources.pods, 'default', 'other', { gracePeriodSeconds: 0 });
  await clock.advance(10_000);
  assert.deepEqual(
    [container('p')?.allocatedResources, pending(), container('p')?.restartCount],
    [{ cpu: '3' }, [], 1],
  );

  await stop();
  await client.patch(resources.pods, 'default', 'p', 'merge', { spec: { containers: withCpu('1', 'a:3') } });
  await run(1);
  await clock.advance(1_000);
  assert.deepEqual([container('p')?.image, container('p')?.restartCount], ['a:3', 2], 'also while nobody was there');
  assert.deepEqual(container('p')?.resources, { requests: { cpu: '1' } });
});
