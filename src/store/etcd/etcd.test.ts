import { after, describe } from 'node:test';
import { systemClock } from '../../machinery/index.ts';
import { describeStore } from '../conformance.test-support.ts';
import { scratchDirectory } from '../scratch.test-support.ts';
import type { Store } from '../store.ts';
import { openEtcdStore } from './etcd.ts';
import { type EtcdServer, needsEtcd, startEtcd } from './etcd-server.test-support.ts';

const directory = scratchDirectory();
let server: EtcdServer | undefined;
let stores = 0;
after(() => server?.kill());

/** Each store has a prefix of its own. Only the tests that are about it see others write. */
async function open(): Promise<Store> {
  server ??= await startEtcd({ directory });
  return openEtcdStore({
    endpoints: [server.endpoint],
    prefix: `/store-${++stores}`,
    clock: systemClock,
    patienceMs: 60_000,
  });
}

void describe('etcd', needsEtcd, () => {
  describeStore({ name: 'etcd', open, boundsHistory: false, keepsIssueOrder: false, propertyRuns: 30 });
});
