import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resources, StatusError } from '../api/index.ts';
import { createFakeClient, eventSink } from '../client/index.ts';
import { silentLogger } from '../observe/index.ts';
import { createEventRecorder, createVirtualClock, referenceTo, seededRandom } from './index.ts';

const make = ({ queueEventsMax = 1000 } = {}) => {
  const clock = createVirtualClock();
  const client = createFakeClient({ clock, random: seededRandom(1) });
  const stop = new AbortController();
  const recorder = createEventRecorder({
    component: 'daemonset-controller',
    sink: eventSink(client),
    clock,
    random: seededRandom(2),
    log: silentLogger,
    signal: stop.signal,
    queueEventsMax,
  });
  const daemonSet = { metadata: { namespace: 'a', name: 'ds', uid: 'u', resourceVersion: '7' } };
  const involved = referenceTo(resources.daemonSets, daemonSet);
  const events = () => client.all(resources.events).toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  return { clock, client, stop, recorder, involved, events };
};

describe('the event recorder', () => {
  test('writes an event as client-go does', async () => {
    const { clock, recorder, involved, events } = make();
    recorder.record(involved, 'Normal', 'SuccessfulCreate', 'Created pod: p');
    await clock.settle();
    const [event] = events();
    const { metadata, apiVersion, kind, ...rest } = event!;
    assert.match(metadata.name, /^ds\.[0-9a-f]{16}$/);
    assert.equal(metadata.namespace, 'a');
    assert.deepEqual([apiVersion, kind], ['v1', 'Event']);
    assert.deepEqual(rest, {
      involvedObject: {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        namespace: 'a',
        name: 'ds',
        uid: 'u',
        resourceVersion: '7',
      },
      reason: 'SuccessfulCreate',
      message: 'Created pod: p',
      type: 'Normal',
      source: { component: 'daemonset-controller' },
      reportingComponent: 'daemonset-controller',
      reportingInstance: '',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    });
  });

  test('puts events about cluster-scoped objects into the default namespace', async () => {
    const { clock, recorder, events } = make();
    recorder.record(referenceTo(resources.nodes, { metadata: { name: 'n' } }), 'Normal', 'NodeReady', 'ready');
    await clock.settle();
    assert.equal(events()[0]!.metadata.namespace, 'default');
  });

  test('counts the same event up instead of writing it again', async () => {
    const { clock, client, recorder, involved, events } = make();
    for (let index = 0; index < 5; index++) {
      recorder.record(involved, 'Warning', 'FailedCreate', 'quota');
      await clock.advance(1000);
    }
    const [event, ...others] = events();
    assert.deepEqual([event!.count, event!.lastTimestamp, others.length], [5, '2026-01-01T00:00:04Z', 0]);
    assert.equal(client.count('create', resources.events), 1);
  });

  test('folds more than ten similar messages into one, so that 5,000 creates are not 5,000 events', async () => {
    const { clock, client, recorder, involved, events } = make({ queueEventsMax: 26 });
    for (let index = 0; index < 5000; index++)
      recorder.record(involved, 'Normal', 'SuccessfulCreate', `Created pod: p${index}`);
    // The queue has room for it: what is folded or dropped does not wait there.
    recorder.record({ ...involved, name: 'other', uid: 'v' }, 'Warning', 'FailedCreate', 'quota');
    await clock.settle();
    assert.equal(events().length, 12);
    assert.equal(events().filter(({ message }) => message?.startsWith('(combined from similar events): ')).length, 1);
    assert.equal(client.calls.length, 26, 'and no more writes than the burst');
  });

  test('lets one object have 25 events at once and one more each five minutes; others are not touched', async () => {
    const { clock, client, recorder, involved } = make();
    for (let index = 0; index < 100; index++) recorder.record(involved, 'Normal', `Reason${index}`, 'm');
    await clock.settle();
    assert.equal(client.count('create', resources.events), 25);
    recorder.record({ ...involved, name: 'other', uid: 'v' }, 'Normal', 'R', 'm');
    await clock.settle();
    assert.equal(client.count('create', resources.events), 26);
    await clock.advance(5 * 60 * 1000);
    for (let index = 0; index < 3; index++) recorder.record(involved, 'Normal', `Later${index}`, 'm');
    await clock.settle();
    assert.equal(client.count('create', resources.events), 27);
  });

  test('writes an event anew that the server has forgotten', async () => {
    const { clock, client, recorder, involved, events } = make();
    recorder.record(involved, 'Normal', 'R', 'm');
    await clock.settle();
    const [first] = events();
    client.remove(resources.events, 'a', first!.metadata.name);
    recorder.record(involved, 'Normal', 'R', 'm');
    await clock.settle();
    assert.deepEqual(
      events().map(({ count }) => count),
      [2],
    );
  });

  test('tries again while the server is away, keeps the order, and gives up on what is refused', async () => {
    const { clock, client, recorder, involved, events } = make();
    client.failNext('create', resources.events, new StatusError('ServiceUnavailable', 'down'), 2);
    recorder.record(involved, 'Normal', 'First', 'm');
    recorder.record(involved, 'Normal', 'Second', 'm');
    await clock.settle();
    assert.equal(events().length, 0);
    await clock.advance(10_000);
    assert.deepEqual(client.all(resources.events).length, 2);
    client.failNext('create', resources.events, new StatusError('Forbidden', 'no'));
    recorder.record(involved, 'Normal', 'Third', 'm');
    recorder.record(involved, 'Normal', 'Fourth', 'm');
    await recorder.flushed();
    assert.deepEqual(new Set(events().map(({ reason }) => reason)), new Set(['First', 'Second', 'Fourth']));
  });

  test('drops what does not fit its queue instead of making callers wait', async () => {
    const { clock, client, recorder, involved } = make({ queueEventsMax: 3 });
    for (let index = 0; index < 10; index++) recorder.record(involved, 'Normal', `Reason${index}`, 'm');
    await clock.settle();
    assert.equal(client.count('create', resources.events), 3);
  });

  test('stops at the signal, also while it waits to try again', async () => {
    const { clock, client, stop, recorder, involved } = make();
    client.failNext('create', resources.events, new StatusError('ServiceUnavailable', 'down'), 100);
    recorder.record(involved, 'Normal', 'R', 'm');
    await clock.settle();
    stop.abort();
    await recorder.stopped;
    assert.equal(clock.pending, 0);
  });
});
