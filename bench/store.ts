// What a store costs on this machine: durable writes, reads, watch fan-out, memory, and the time to open it again.
// `node --expose-gc bench/store.ts [memory] [SQLite] [etcd]`; etcd where it is installed. Figures, not a test: nothing
// here passes or fails.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/machinery/index.ts';
import { needsEtcd, startEtcd } from '../src/store/etcd/etcd-server.test-support.ts';
import type { Store, StoredValue } from '../src/store/index.ts';
import { openEtcdStore, openMemoryStore, openSqliteStore } from '../src/store/index.ts';

const putsPerRun = 20_000;
/** Alone, a writer waits for the disk at every put. */
const lonelyPuts = 2_000;
const getsPerRun = 500_000;
const readers = 64;
const pageEntries = 500;
const watches = 1_000;
const watchedWrites = 200;

/** Some 4 kB of JSON, shaped as a pod with its status is. */
function pod(n: number): StoredValue {
  const name = `fluentd-elasticsearch-${n}`;
  const env = Array.from({ length: 20 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${n} of setting ${i}` }));
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const mounts = Array.from({ length: 6 }, (_, i) => ({ name: `volume-${i}`, mountPath: `/var/lib/${name}/${i}` }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system', uid: `${name}-uid`, labels: { name, app: 'fluentd', tier: 'node' } },
    spec: {
      nodeName: `node-${n}`,
      containers: [
        { name: 'fluentd', image: 'quay.io/fluentd_elasticsearch/fluentd:v5.0.1', env, volumeMounts: mounts },
      ],
      volumes: mounts.map(({ name, mountPath }) => ({
        name,
        hostPath: { path: mountPath, type: 'DirectoryOrCreate' },
      })),
      tolerations: conditions.map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
      })),
    },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${n % 256}`,
      conditions: conditions.map((type) => ({ type, status: 'True', lastTransitionTime: '2026-11-23T22:00:00Z' })),
    },
  };
}

async function perSecond(count: number, body: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await body();
  return Math.round((count / (performance.now() - start)) * 1_000);
}

/** Each writer waits for its write to be durable before it makes the next. */
async function put(store: Store, prefix: string, writers: number, puts = putsPerRun): Promise<void> {
  let next = 0;
  const write = async () => {
    for (let n = next++; n < puts; n = next++) await store.put(`${prefix}/${n}`, pod(n), 0);
  };
  await Promise.all(Array.from({ length: writers }, write));
}

async function readAll(store: Store, prefix: string): Promise<void> {
  const first = await store.range(prefix, { limit: pageEntries });
  for (let page = first; page.remaining > 0; )
    page = await store.range(prefix, { limit: pageEntries, after: page.entries.at(-1)!.key, revision: first.revision });
}

/** Median milliseconds from the call of a write until it is made and the last of the watches has heard of it. */
async function fanOut(store: Store): Promise<number> {
  let heard = 0;
  let allHeard: () => void = () => undefined;
  const revision = await store.revision();
  const stops = Array.from({ length: watches }, () =>
    store.watch('watched/', revision, {
      events(events) {
        heard += events.length;
        if (heard % watches === 0) allHeard();
      },
      end() {},
    }),
  );
  const times: number[] = [];
  for (let i = 0; i < watchedWrites; i++) {
    const start = performance.now();
    const hearing = new Promise<void>((resolve) => (allHeard = resolve));
    await Promise.all([store.put(`watched/${i}`, pod(i), 0), hearing]);
    times.push(performance.now() - start);
  }
  for (const stop of stops) stop();
  if (heard !== watches * watchedWrites) throw new Error(`${heard} events heard`);
  return times.toSorted((a, b) => a - b)[watchedWrites / 2]!;
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function measure(kind: string, open: () => Promise<Store>): Promise<void> {
  const print = (what: string, figure: string) =>
    process.stdout.write(`${kind.padEnd(8)}${what.padEnd(44)}${figure}\n`);
  const store = await open();
  const before = heapBytes();
  await put(store, 'warm', 64);
  const kilobytes = (heapBytes() - before) / putsPerRun / 1_024;
  const valueBytes = JSON.stringify(pod(0)).length;
  print(
    `memory per value of ${valueBytes} bytes of JSON`,
    `${kilobytes.toFixed(1)} kB${globalThis.gc === undefined ? ' (run with --expose-gc)' : ''}`,
  );
  for (const writers of [1, 16, 64]) {
    const puts = writers === 1 ? lonelyPuts : putsPerRun;
    const figure = await perSecond(puts, () => put(store, `w${writers}`, writers, puts));
    print(`puts, ${writers} writers`, `${figure}/s`);
  }
  for (const [count, gets] of [
    [1, kind === 'etcd' ? lonelyPuts : getsPerRun],
    [readers, getsPerRun],
  ] as const) {
    let next = 0;
    const get = async () => {
      for (let i = next++; i < gets; i = next++) await store.get(`w16/${i % putsPerRun}`);
    };
    print(
      `gets, ${count} readers`,
      `${await perSecond(gets, () => Promise.all(Array.from({ length: count }, get)))}/s`,
    );
  }
  const start = performance.now();
  await readAll(store, 'w16/');
  print(`range over ${putsPerRun} keys in pages of ${pageEntries}`, `${(performance.now() - start).toFixed(1)} ms`);
  print(`a write heard by ${watches} watches, median`, `${(await fanOut(store)).toFixed(2)} ms`);
  await store.close();
}

process.stdout.write(`${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}\n`);
const directory = mkdtempSync(join(tmpdir(), 'store-bench-'));
const kinds = process.argv.slice(2);
const isWanted = (kind: string) => kinds.length === 0 || kinds.includes(kind);

async function measureSqlite(): Promise<void> {
  const path = join(directory, 'store.db');
  await measure('SQLite', () => openSqliteStore({ path }));
  const start = performance.now();
  const store = await openSqliteStore({ path });
  const milliseconds = Math.round(performance.now() - start);
  process.stdout.write(
    `SQLite  opened again with ${await store.revision()} writes, ${Math.round(statSync(path).size / 2 ** 20)} MiB: ${milliseconds} ms\n`,
  );
  await store.close();
}

async function measureEtcd(): Promise<void> {
  if (needsEtcd.skip !== undefined) {
    process.stdout.write(`etcd    ${needsEtcd.skip}\n`);
    return;
  }
  const etcd = await startEtcd({ directory });
  try {
    await measure('etcd', () => openEtcdStore({ endpoints: [etcd.endpoint], clock: systemClock }));
  } finally {
    await etcd.kill();
  }
}

try {
  if (isWanted('memory')) await measure('memory', async () => openMemoryStore());
  if (isWanted('SQLite')) await measureSqlite();
  if (isWanted('etcd')) await measureEtcd();
} finally {
  rmSync(directory, { recursive: true });
}
