// The etcd store when etcd dies, restarts, loses what it knew, asks for certificates. Here and not beside the code:
// each of these has an etcd of its own, whose starts and elections take their time.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../src/machinery/index.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../src/pki/index.ts';
import { Recorder } from '../src/store/conformance-kind.test-support.ts';
import {
  type EtcdServer,
  type EtcdServerOptions,
  needsEtcd,
  startEtcd,
  startEtcdCluster,
} from '../src/store/etcd/etcd-server.test-support.ts';
import { openGate } from '../src/store/etcd/gate.test-support.ts';
import {
  CompactedError,
  type EtcdStoreOptions,
  openEtcdStore,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
} from '../src/store/index.ts';
import { temporaryDirectory } from './e2e/support/everynode.ts';

async function started(t: TestContext, options: EtcdServerOptions): Promise<EtcdServer> {
  const etcd = await startEtcd(options);
  t.after(() => etcd.kill());
  return etcd;
}

/** Nobody else writes to these etcds: a store that is behind for long is slow, and takes no other reason. */
async function opened(t: TestContext, options: Omit<EtcdStoreOptions, 'clock'>): Promise<Store> {
  const store = await openEtcdStore({ clock: systemClock, patienceMs: 60_000, ...options });
  t.after(() => store.close());
  return store;
}

void test(
  'requests wait for etcd to come back, watches go on without a gap, also over a restart',
  needsEtcd,
  async (t) => {
    const etcd = await started(t, { directory: temporaryDirectory() });
    const store = await opened(t, { endpoints: [etcd.endpoint] });
    const other = await opened(t, { endpoints: [etcd.endpoint] });
    const recorder = new Recorder();
    store.watch('p/', await store.put('p/0', {}, 0), recorder);
    const written: number[] = [];
    for (let round = 1; round <= 3; round++) {
      await etcd.kill();
      // A write on a connection that is just breaking may have been made: that is an error. So its end is heard first.
      await delay(50);
      await new Promise(setImmediate);
      const [found, revision] = [store.get('p/0'), other.put(`p/${round}`, {}, 0)];
      await delay(100);
      await etcd.start();
      assert.notEqual(await found, undefined);
      written.push(await revision);
      await recorder.saw(`p/${round}`);
    }
    assert.deepEqual(
      recorder.heard.map((event) => event.revision),
      written,
    );
    assert.equal(recorder.ended, undefined);
  },
);

void test('when no etcd answers in time, that is what is said', needsEtcd, async (t) => {
  const etcd = await started(t, { directory: temporaryDirectory() });
  const store = await opened(t, { endpoints: [etcd.endpoint], requestMsMax: 2_000 });
  await etcd.kill();
  await assert.rejects(store.get('p/a'), StoreUnavailableError);
  await assert.rejects(store.put('p/a', {}, 0), StoreUnavailableError);
  await assert.rejects(
    openEtcdStore({ clock: systemClock, endpoints: [etcd.endpoint], requestMsMax: 200 }),
    StoreUnavailableError,
  );
});

void test('etcd comes back without its data: watches end, reads show what there is', needsEtcd, async (t) => {
  const place = temporaryDirectory();
  const etcd = await started(t, { directory: place });
  const store = await opened(t, { endpoints: [etcd.endpoint] });
  for (let n = 0; n < 5; n++) await store.put(`p/${n}`, {}, 0);
  const revision = await store.revision();
  const ended = new Promise((end) => void store.watch('p/', revision, { events() {}, end }));
  await etcd.kill();
  for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  await etcd.start();
  assert.deepEqual((await store.range('')).entries, []);
  assert.ok((await ended) instanceof CompactedError);
  const created = await store.put('p/a', {}, 0);
  assert.equal((await store.get('p/a'))?.revision, created);
});

void test('etcd was compacted while it was out of reach: watches end, reads are right', needsEtcd, async (t) => {
  const etcd = await started(t, { directory: temporaryDirectory() });
  const gate = await openGate(etcd.endpoint);
  t.after(() => gate.close());
  const prefix = '/gated';
  const store = await opened(t, { endpoints: [gate.endpoint], prefix });
  const other = await opened(t, { endpoints: [etcd.endpoint], prefix });
  const first = await store.put('p/a', { n: 1 }, 0);
  const gone = await store.put('p/gone', {}, 0);
  const recorder = new Recorder();
  store.watch('p/', await store.revision(), recorder);
  gate.shut();
  await other.delete('p/gone', gone);
  const last = await other.put('p/a', { n: 2 }, first);
  await other.compact(last);
  gate.open();
  assert.deepEqual((await store.range('p/')).entries, [{ key: 'p/a', value: { n: 2 }, revision: last }]);
  assert.ok(recorder.ended?.error instanceof CompactedError);
  assert.deepEqual(recorder.heard, []);
  const later = new Recorder();
  store.watch('p/', last, later);
  await store.put('p/b', {}, 0);
  await later.saw('p/b');
});

void test('etcd over TLS, with a certificate of its own where etcd asks for one', needsEtcd, async (t) => {
  const now = systemClock.now();
  const authority = await createAuthority('etcd-authority', now);
  const place = temporaryDirectory();
  const file = (name: string, text: string) => {
    writeFileSync(join(place, name), text);
    return join(place, name);
  };
  const hosts = ['127.0.0.1'];
  const served: KeyPair = await issueCertificate(authority, { usage: 'server', commonName: 'etcd', hosts }, now);
  const ours: KeyPair = await issueCertificate(authority, { usage: 'client', commonName: 'everynode' }, now);
  const certificates = [
    '--cert-file',
    file('server.crt', served.certificate),
    '--key-file',
    file('server.key', served.key),
  ];
  const asked = ['--client-cert-auth', '--trusted-ca-file', file('ca.crt', authority.certificate)];
  const etcd = await started(t, { directory: place, scheme: 'https', args: [...certificates, ...asked] });
  const endpoints = [etcd.endpoint];
  const tls = { authority: authority.certificate, certificate: ours.certificate, key: ours.key };
  const store = await opened(t, { endpoints, tls });
  const recorder = new Recorder();
  store.watch('p/', await store.revision(), recorder);
  await store.put('p/a', {}, 0);
  await recorder.saw('p/a');
  const trusting = { authority: authority.certificate };
  for (const less of [trusting, {}])
    await assert.rejects(
      openEtcdStore({ clock: systemClock, endpoints, tls: less, requestMsMax: 200 }),
      StoreUnavailableError,
    );
});

void test(
  'of three members each may go, one at a time: requests and watches go on with the others',
  needsEtcd,
  async (t) => {
    const members = await startEtcdCluster(3, { directory: temporaryDirectory() });
    for (const member of members) t.after(() => member.kill());
    const store = await openEtcdStore({ endpoints: members.map(({ endpoint }) => endpoint), clock: systemClock });
    t.after(() => store.close());

    const heard: StoreEvent[] = [];
    let wake: () => void = () => undefined;
    const events = (told: readonly StoreEvent[]) => {
      heard.push(...told);
      wake();
    };
    const end = (error?: Error) => assert.equal(error, undefined);
    store.watch('p/', await store.revision(), { events, end });
    const written: number[] = [];
    for (const [n, member] of members.entries()) {
      await member.kill();
      const key = `p/${n}`;
      // A write under way when a member dies may have been made: whoever is told so looks, and tries again.
      const revision = await store.put(key, {}, 0).catch(async (error: unknown) => {
        assert.ok(error instanceof StoreUnavailableError);
        return (await store.get(key))?.revision ?? (await store.put(key, {}, 0));
      });
      written.push(revision);
      assert.equal((await store.get(key))?.revision, revision);
      while (heard.length < written.length) await new Promise<void>((resolve) => (wake = resolve));
      await member.start();
    }
    assert.deepEqual(
      heard.map((event) => event.revision),
      written,
    );
  },
);
