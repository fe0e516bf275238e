import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isReason, type Pod, resources, StatusError } from '../api/index.ts';
import { createVirtualClock, seededRandom } from '../machinery/index.ts';
import { createFakeClient } from './index.ts';

const make = () => {
  const clock = createVirtualClock();
  return { clock, client: createFakeClient({ clock, random: seededRandom(1) }) };
};
const pod = (name: string, spec: Partial<Pod['spec']> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  metadata: { namespace: 'a', name, ...metadata },
  spec: { containers: [], ...spec },
});
const rejectsWith = (promise: Promise<unknown>, reason: StatusError['reason']) =>
  assert.rejects(promise, (error) => isReason(error, reason));

describe('the fake client', () => {
  test('gives uid, version, creation time and generation, and refuses a name twice', async () => {
    const { client } = make();
    const { metadata } = await client.create(resources.pods, pod('p'));
    assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
    assert.deepEqual([metadata.creationTimestamp, metadata.generation], ['2026-01-01T00:00:00Z', 1]);
    await rejectsWith(client.create(resources.pods, pod('p')), 'AlreadyExists');
    await rejectsWith(client.get(resources.pods, 'b', 'p'), 'NotFound');
  });

  test('makes a name from generateName', async () => {
    const { client } = make();
    const { metadata } = await client.create(resources.pods, {
      metadata: { namespace: 'a', generateName: 'p-' },
      spec: { containers: [] },
    });
    assert.match(metadata.name, /^p-[0-9a-f]{5}$/);
  });

  test('locks by version, keeps status and spec apart, and moves the generation with the spec', async () => {
    const { client } = make();
    const first = client.add(resources.pods, { ...pod('p'), status: { phase: 'Pending' } });
    const second = await client.update(resources.pods, {
      ...first,
      spec: { ...first.spec, nodeName: 'n' },
      status: { phase: 'Running' },
    });
    assert.deepEqual([second.status?.phase, second.metadata.generation], ['Pending', 2]);
    await rejectsWith(client.update(resources.pods, first), 'Conflict');
    const third = await client.update(
      resources.pods,
      { ...second, spec: { containers: [] }, status: { phase: 'Running' } },
      { subresource: 'status' },
    );
    assert.deepEqual([third.status?.phase, third.spec.nodeName, third.metadata.generation], ['Running', 'n', 2]);
  });

  test('hands out frozen objects', async () => {
    const { client } = make();
    const stored = client.add(resources.pods, pod('p', {}, { labels: { a: 'b' } }));
    assert.throws(() => Object.assign(stored.metadata.labels!, { c: 'd' }), TypeError);
  });

  test('deletes a scheduled pod gracefully, others at once, and held ones when their last finalizer goes', async () => {
    const { client } = make();
    client.add(resources.pods, pod('scheduled', { nodeName: 'n', terminationGracePeriodSeconds: 5 }));
    client.add(resources.pods, pod('pending'));
    client.add(resources.pods, pod('held', {}, { finalizers: ['x'] }));
    for (const name of ['scheduled', 'pending', 'held']) await client.delete(resources.pods, 'a', name);
    assert.deepEqual(
      client.all(resources.pods).map(({ metadata }) => [metadata.name, metadata.deletionTimestamp]),
      [
        ['held', '2026-01-01T00:00:00Z'],
        ['scheduled', '2026-01-01T00:00:05Z'],
      ],
    );
    await client.patch(resources.pods, 'a', 'held', 'merge', { metadata: { finalizers: null } });
    await client.delete(resources.pods, 'a', 'scheduled', { gracePeriodSeconds: 0 });
    assert.deepEqual(client.all(resources.pods), []);
  });

  test('honours UID preconditions', async () => {
    const { client } = make();
    client.add(resources.pods, pod('p'));
    await rejectsWith(client.delete(resources.pods, 'a', 'p', { preconditions: { uid: 'other' } }), 'Conflict');
    assert.equal(client.all(resources.pods).length, 1);
  });

  test('binds a pod once', async () => {
    const { client } = make();
    client.add(resources.pods, pod('p'));
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
    await client.createSubresource(resources.pods, 'a', 'p', 'binding', binding);
    assert.equal((await client.get(resources.pods, 'a', 'p')).spec.nodeName, 'n');
    await rejectsWith(client.createSubresource(resources.pods, 'a', 'p', 'binding', binding), 'Conflict');
  });

  test('merges lists by key and honours $patch in a strategic patch', async () => {
    const { client } = make();
    const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'Node', name: uid, uid });
    client.add(resources.pods, pod('p', {}, { ownerReferences: [owner('1'), owner('2')], finalizers: ['x', 'y'] }));
    const patch = {
      metadata: {
        ownerReferences: [{ $patch: 'delete', uid: '1' }, owner('3')],
        '$deleteFromPrimitiveList/finalizers': ['x'],
      },
    };
    const { metadata } = await client.patch(resources.pods, 'a', 'p', 'strategic', patch);
    assert.deepEqual(
      metadata.ownerReferences?.map(({ uid }) => uid),
      ['2', '3'],
    );
    assert.deepEqual(metadata.finalizers, ['y']);
  });

  test('applies a JSON patch, and refuses one whose test fails', async () => {
    const { client } = make();
    client.add(resources.pods, pod('p', {}, { labels: { 'a/b': '1' } }));
    const set = [
      { op: 'test', path: '/metadata/labels/a~1b', value: '1' },
      { op: 'replace', path: '/metadata/labels/a~1b', value: '2' },
    ];
    assert.deepEqual((await client.patch(resources.pods, 'a', 'p', 'json', set)).metadata.labels, { 'a/b': '2' });
    await rejectsWith(client.patch(resources.pods, 'a', 'p', 'json', set), 'Invalid');
  });

  test('watches from a version, by selector, with objects entering and leaving the view', async () => {
    const { client, clock } = make();
    client.add(resources.pods, pod('p'));
    const { metadata } = await client.list(resources.pods);
    const events: string[] = [];
    const stop = new AbortController();
    const options = { resourceVersion: metadata.resourceVersion, fieldSelector: 'spec.nodeName=', signal: stop.signal };
    const watching = (async () => {
      for await (const { type, object } of client.watch(resources.pods, options))
        events.push(`${type} ${object.metadata.name}`);
    })();
    client.add(resources.pods, pod('q'));
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
    await client.createSubresource(resources.pods, 'a', 'q', 'binding', binding);
    client.remove(resources.pods, 'a', 'q');
    await clock.settle();
    stop.abort();
    await watching;
    assert.deepEqual(events, ['ADDED q', 'DELETED q']);
  });

  test('fails as told, as often as told, and counts its calls', async () => {
    const { client } = make();
    client.failNext('create', 'pods/binding', new StatusError('Timeout', 'late'), 2);
    client.add(resources.pods, pod('p'));
    const bind = () =>
      client.createSubresource(resources.pods, 'a', 'p', 'binding', { metadata: {}, target: { name: 'n' } } as never);
    await rejectsWith(bind(), 'Timeout');
    await rejectsWith(bind(), 'Timeout');
    await bind();
    assert.equal(client.count('create', 'pods/binding'), 3);
  });
});
