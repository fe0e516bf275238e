import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { systemClock } from '../../machinery/index.ts';
import { describeStore } from '../conformance.test-support.ts';
import { Recorder, refusedWatch } from '../conformance-kind.test-support.ts';
import { scratchDirectory } from '../scratch.test-support.ts';
import type { Store } from '../store.ts';
import { CompactedError, CorruptStoreError, RevisionMismatchError, StoreUnavailableError } from '../store.ts';
import { type EtcdStoreOptions, openEtcdStore } from './etcd.ts';
import { type EtcdServer, needsEtcd, startEtcd } from './etcd-server.test-support.ts';
import { openGate } from './gate.test-support.ts';

const directory = scratchDirectory();
let server: EtcdServer;
let prefixes = 0;

/**
 * Each store has a prefix of its own, unless told otherwise. Only the tests that are about it see others write: what
 * they read must not be later by our own doing.
 */
const openStore = (options: Partial<EtcdStoreOptions> = {}): Promise<Store> =>
  openEtcdStore({
    endpoints: [server.endpoint],
    prefix: `/store-${++prefixes}`,
    clock: systemClock,
    patienceMs: 60_000,
    ...options,
  });

async function opened(t: TestContext, options?: Partial<EtcdStoreOptions>): Promise<Store> {
  const store = await openStore(options);
  t.after(() => store.close());
  return store;
}

void describe('etcd', needsEtcd, () => {
  before(async () => {
    server = await startEtcd({ directory });
  });
  after(() => server.kill());

  const open = () => openStore();
  describeStore({ name: 'etcd', open, boundsHistory: false, keepsIssueOrder: false, propertyRuns: 30 });

  void describe('two stores on one prefix', () => {
    void test('each reads at once what the other was told is written', async (t) => {
      const [a, b] = [await opened(t, { prefix: '/both' }), await opened(t, { prefix: '/both' })];
      let revision = 0;
      for (let i = 0; i < 50; i++) {
        const [writer, reader] = i % 2 === 0 ? [a, b] : [b, a];
        revision = await writer.put('p/a', { i }, revision);
        assert.deepEqual(await reader.get('p/a'), { key: 'p/a', value: { i }, revision });
        assert.equal((await reader.range('p/')).revision, revision);
      }
      await assert.rejects(b.put('p/a', {}, revision - 1), RevisionMismatchError);
    });

    void test('a watch on one hears of the writes through the other', async (t) => {
      const [a, b] = [await opened(t, { prefix: '/heard' }), await opened(t, { prefix: '/heard' })];
      const recorder = new Recorder();
      b.watch('p/', await a.put('o', {}, 0), recorder);
      await a.delete('p/a', await a.put('p/a', { n: 1 }, 0));
      await recorder.saw('p/a');
      await a.put('p/end', {}, 0);
      await recorder.saw('p/end');
      assert.deepEqual(recorder.summary(), ['put p/a {"n":1}', 'delete p/a {"n":1} was {"n":1}', 'put p/end {}']);
    });

    void test('a watch and a page go on in a store that was opened after what they are from', async (t) => {
      const first = await openStore({ prefix: '/older' });
      const start = await first.put('p/a', { n: 1 }, 0);
      const second = await first.put('p/a', { n: 2 }, start);
      await first.put('p/b', {}, 0);
      await first.delete('p/a', second);
      await first.close();

      const store = await opened(t, { prefix: '/older' });
      const recorder = new Recorder();
      store.watch('p/', start, recorder);
      await recorder.saw('p/b');
      await store.put('p/end', {}, 0);
      await recorder.saw('p/end');
      const told = ['put p/a {"n":2} was {"n":1}', 'put p/b {}', 'delete p/a {"n":2} was {"n":2}', 'put p/end {}'];
      assert.deepEqual(recorder.summary(), told);
      assert.deepEqual(await store.range('p/', { revision: second }), {
        entries: [{ key: 'p/a', value: { n: 2 }, revision: second }],
        revision: second,
        remaining: 0,
      });
    });

    void test('of older events no more are brought back than are kept of any, and those are the newest', async (t) => {
      const first = await openStore({ prefix: '/many' });
      const written: number[] = [];
      for (let n = 0; n < 30; n++) written.push(await first.put(`p/${n}`, {}, 0));
      await first.close();
      const store = await opened(t, { prefix: '/many', historyEventsMax: 10 });
      assert.ok((await refusedWatch(store, 'p/', written[0]!)) instanceof CompactedError);
      const recorder = new Recorder();
      store.watch('p/', written[24]!, recorder);
      await recorder.saw('p/29');
      assert.deepEqual(
        recorder.heard.map((event) => event.revision),
        written.slice(25),
      );
    });

    void test('what etcd was made to forget is refused with etcd’s own word on how much that is', async (t) => {
      const first = await openStore({ prefix: '/forgotten' });
      const start = await first.put('p/a', { n: 1 }, 0);
      const second = await first.put('p/a', { n: 2 }, start);
      await first.compact(second);
      await first.close();
      const store = await opened(t, { prefix: '/forgotten' });
      const isCompacted = (error: unknown) => error instanceof CompactedError && error.compacted === second;
      assert.ok(isCompacted(await refusedWatch(store, 'p/', start)));
      await assert.rejects(store.range('p/', { revision: start }), isCompacted);
      await store.range('p/', { revision: second });
    });
  });

  void describe('others in the same etcd', () => {
    void test('writes under other prefixes hold up no read', async (t) => {
      const store = await opened(t, { patienceMs: 20 });
      const other = await opened(t);
      const revision = await store.put('p/a', {}, 0);
      for (let i = 0; i < 20; i++) {
        const theirs = await other.put(`x/${i}`, {}, 0);
        assert.deepEqual(await store.get('p/a'), { key: 'p/a', value: {}, revision });
        assert.ok((await store.revision()) >= theirs);
      }
      assert.deepEqual(
        (await store.range('')).entries.map((entry) => entry.key),
        ['p/a'],
      );
    });

    void test('a prefix in which something else writes is refused, and the key is named', async (t) => {
      const outer = await opened(t, { prefix: '/outer' });
      await outer.put('inner/a', {}, 0);
      await openStore({ prefix: '/outer/inner' }).then((store) => store.close());
      const { EtcdConnection } = await import('./connection.ts');
      const connection = new EtcdConnection({ endpoints: [server.endpoint], clock: systemClock });
      const text = new TextEncoder();
      const requestPut = { key: text.encode('/outer/inner/b'), value: text.encode('no JSON') };
      await connection.write((kv, options) =>
        kv.txn({ success: [{ request: { case: 'requestPut', value: requestPut } }] }, options),
      );
      connection.close();
      const isNamed = (error: unknown) =>
        error instanceof CorruptStoreError && error.message.includes('/outer/inner/b');
      await assert.rejects(openStore({ prefix: '/outer/inner' }), isNamed);
    });
  });

  void describe('on a way that fails', () => {
    void test('an endpoint that is dead is passed over', async (t) => {
      const store = await opened(t, { endpoints: ['http://127.0.0.1:1', server.endpoint] });
      const recorder = new Recorder();
      store.watch('p/', await store.revision(), recorder);
      await store.put('p/a', {}, 0);
      await recorder.saw('p/a');
    });

    void test('a write whose answer was lost is told apart: ours stands there, or nobody knows', async (t) => {
      const gate = await openGate(server.endpoint);
      t.after(() => gate.close());
      const prefix = '/lost';
      const store = await opened(t, { endpoints: [gate.endpoint], prefix });
      const other = await opened(t, { prefix });
      const recorder = new Recorder();
      other.watch('p/', await other.revision(), recorder);

      gate.mute();
      const created = store.put('p/created', { by: 'us' }, 0);
      const overwritten = store.put('p/overwritten', { by: 'us' }, 0);
      const lost = assert.rejects(overwritten, StoreUnavailableError);
      await Promise.all([recorder.saw('p/created'), recorder.saw('p/overwritten')]);
      const ours = (await other.get('p/overwritten'))!.revision;
      await other.put('p/overwritten', { by: 'another' }, ours);
      gate.shut();
      gate.open();
      assert.equal(await created, (await other.get('p/created'))?.revision);
      await lost;
      await store.put('p/end', {}, 0);
      await recorder.saw('p/end');
      const written = recorder.heard.map(({ key, value }) => `${key} ${JSON.stringify(value)}`).sort();
      assert.deepEqual(written, [
        'p/created {"by":"us"}',
        'p/end {}',
        'p/overwritten {"by":"another"}',
        'p/overwritten {"by":"us"}',
      ]);
    });
  });
});
