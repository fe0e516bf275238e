// A long run under constant change: `npm run soak -- --minutes 60 --nodes 200 --daemonsets 20`. Starts `everynode up` and
// `everynode controller` as processes, lets things happen, and watches memory, drift and errors. Ends with a quiet time in
// which everything has to become right. Exit code 1 when memory grows, a picture drifts, or something stays wrong.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Resource, resources } from '../src/api/index.ts';
import type { Client } from '../src/client/index.ts';
import { seededRandom } from '../src/machinery/index.ts';
import { createChurn } from './soak/churn.ts';
import { growthOf, isLeak, type Sample } from './soak/growth.ts';
import { residentBytes } from './everynode-process.ts';
import { type Running, type Soaked, startProcesses } from './soak/processes.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    nodes: { type: 'string', default: '200' },
    daemonsets: { type: 'string', default: '20' },
    /** Happenings a second. */
    rate: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    'self-check': { type: 'string', default: '5s' },
    'event-ttl': { type: 'string', default: '5m' },
    /** Where each sample goes, one JSON object a line. */
    samples: { type: 'string' },
    /** More for `everynode up`: --up=--etcd-servers --up=http://127.0.0.1:2379 */
    up: { type: 'string', multiple: true, default: [] },
  },
});
const runMs = Number(values.minutes) * 60_000;
const sampleMs = Math.min(15_000, runMs / 20);
/** The store forgets its history each five minutes: until then its memory rises, and each window has one such low. */
const windowSeconds = 300;
/** After the last happening: nodes that left are noticed, pods end, rollouts finish. */
const settleMsMax = 300_000;
/** Of the level; and what a saw may leave though nothing leaks. */
const heapGrowth = { shareMax: 0.1, bytesMin: 16 * 2 ** 20 };
const residentGrowth = { shareMax: 0.15, bytesMin: 48 * 2 ** 20 };

interface Measured {
  readonly seconds: number;
  readonly upResident: number;
  readonly upHeap: number;
  readonly controllerResident: number;
  readonly controllerHeap: number;
  readonly pods: number;
  readonly events: number;
  readonly drift: number;
  readonly checks: number;
}
const series = ['upResident', 'upHeap', 'controllerResident', 'controllerHeap'] as const;

const say = (line: string) => process.stdout.write(`${line}\n`);
const mebi = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

async function soak(dataDir: string): Promise<readonly string[]> {
  const [nodes, daemonSets] = [Number(values.nodes), Number(values.daemonsets)];
  const soaked = await startProcesses({
    dataDir,
    nodes,
    selfCheck: values['self-check'],
    eventTtl: values['event-ttl'],
    upArgs: values.up,
  });
  try {
    const churn = createChurn(soaked.client, seededRandom(Number(values.seed)), nodes, daemonSets);
    await churn.prepare();
    say(`${nodes} nodes, ${daemonSets} DaemonSets, ${values.minutes} minutes, seed ${values.seed}`);
    const happened = new Map<string, number>();
    const measured: Measured[] = [];
    const started = performance.now();
    let sampleAt = started;
    while (performance.now() - started < runMs) {
      const stepAt = performance.now();
      const what = await Promise.race([churn.step(), soaked.up.ended, soaked.controller.ended]);
      happened.set(what, (happened.get(what) ?? 0) + 1);
      if (performance.now() >= sampleAt) {
        sampleAt += sampleMs;
        measured.push(await measure(soaked, (performance.now() - started) / 1000));
        if (values.samples !== undefined) appendFileSync(values.samples, `${JSON.stringify(measured.at(-1))}\n`);
      }
      await delay(Math.max(0, 1000 / Number(values.rate) - (performance.now() - stepAt)));
    }
    await churn.calm();
    const wrong = await settled(() => churn.wrong());
    const last = await measure(soaked, (performance.now() - started) / 1000);
    tell(measured, last, happened);
    return [...wrong, ...grown(measured), ...errors(soaked), ...drifted(last)];
  } finally {
    await soaked.controller.stop();
    await soaked.client.close();
    await soaked.up.stop();
  }
}

async function measure({ up, controller, client }: Soaked, seconds: number): Promise<Measured> {
  const [ofUp, ofController] = [await up.metrics(), await controller.metrics()];
  const heap = (metrics: ReadonlyMap<string, number>) => metrics.get('nodejs_heap_size_used_bytes') ?? 0;
  const sum = (metrics: ReadonlyMap<string, number>, name: string) =>
    [...metrics].reduce((total, [key, value]) => (key.startsWith(`${name}{`) ? total + value : total), 0);
  return {
    seconds: Math.round(seconds),
    upResident: residentBytes(up.pid).now,
    upHeap: heap(ofUp),
    controllerResident: residentBytes(controller.pid).now,
    controllerHeap: heap(ofController),
    pods: await count(client, resources.pods),
    events: await count(client, resources.events),
    drift: sum(ofController, 'everynode_ledger_drift_objects_total'),
    checks: sum(ofController, 'everynode_self_checks_total'),
  };
}

async function count(client: Client, resource: Resource): Promise<number> {
  const { items, metadata } = await client.list(resource, { limit: 1 });
  return items.length + (metadata.remainingItemCount ?? 0);
}

/** What is still wrong when everything has had time to become right. */
async function settled(wrong: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const end = performance.now() + settleMsMax;
  for (;;) {
    const found = await wrong();
    if (found.length === 0 || performance.now() > end) return found;
    await delay(2000);
  }
}

function grown(measured: readonly Measured[]): readonly string[] {
  return series.flatMap((name) => {
    const samples: readonly Sample[] = measured.map((one) => ({ seconds: one.seconds, value: one[name] }));
    const growth = growthOf(samples, windowSeconds);
    if (growth === undefined) return [];
    say(`${name}: floors around ${mebi(growth.level)}, growth over ${growth.windows} windows ${mebi(growth.growth)}`);
    const { shareMax, bytesMin } = name.endsWith('Heap') ? heapGrowth : residentGrowth;
    return isLeak(growth, shareMax, bytesMin) ? [`${name} grows: ${mebi(growth.growth)} on ${mebi(growth.level)}`] : [];
  });
}

function errors(soaked: Soaked): readonly string[] {
  const lines = (running: Running) =>
    running
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
  return [...lines(soaked.up), ...lines(soaked.controller)].slice(0, 5);
}

function drifted({ drift, checks }: Measured): readonly string[] {
  if (checks === 0) return ['no self-check ran'];
  return drift > 0 ? [`${drift} objects drifted`] : [];
}

function tell(measured: readonly Measured[], last: Measured, happened: ReadonlyMap<string, number>): void {
  say(`happened: ${[...happened].map(([what, times]) => `${what} ${times}`).join(', ')}`);
  say('   minute   up RSS  up heap  controller RSS  heap    pods  events  self-checks  drift');
  const every = Math.max(1, Math.floor(measured.length / 12));
  for (const one of [...measured.filter((_, index) => index % every === 0), last])
    say(
      `${(one.seconds / 60).toFixed(1).padStart(9)}${series.map((name) => mebi(one[name]).padStart(10)).join('')}` +
        `${String(one.pods).padStart(8)}${String(one.events).padStart(8)}${String(one.checks).padStart(8)}${String(one.drift).padStart(6)}`,
    );
}

const dataDir = mkdtempSync(join(tmpdir(), 'everynode-soak-'));
try {
  const wrong = await soak(dataDir);
  for (const line of wrong) say(`WRONG: ${line}`);
  say(wrong.length === 0 ? 'nothing grew, nothing drifted, everything is as it should be' : 'failed');
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
