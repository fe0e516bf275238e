// The etcd store on a cluster of several members, which die one after the other. Slow, since elections are.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/machinery/index.ts';
import { needsEtcd, startEtcdCluster } from '../src/store/etcd/etcd-server.test-support.ts';
import { openEtcdStore, type StoreEvent, StoreUnavailableError } from '../src/store/index.ts';

void test(
  'of three members each may go, one at a time: requests and watches go on with the others',
  needsEtcd,
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'store-members-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const members = await startEtcdCluster(3, { directory });
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
