// What a DaemonSet costs in a whole embedded cluster: `node bench/cluster.ts [nodes …]`, 1,000 when none is given. Each
// size twice: `everynode up` alone, as a user starts it, and with `everynode controller` as a process of its own, whose
// CPU and memory then are the controller's alone. Figures go to docs/performance.md by hand, with the machine's cores.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DaemonSet, resources } from '../src/api/index.ts';
import { createHttpClient, type HttpClient, loadKubeconfig } from '../src/client/index.ts';
import { systemClock } from '../src/machinery/index.ts';
import { cpuSeconds, residentBytes, startEverynode } from '../scripts/everynode-process.ts';

const pollMs = 50;
const doneMsMax = 600_000;
const labels = { name: 'fluentd-elasticsearch' };
const [namespace, name] = ['kube-system', 'fluentd-elasticsearch'];

const daemonSet = (image: string): DaemonSet => ({
  metadata: { namespace, name },
  spec: {
    selector: { matchLabels: labels },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'fluentd', image, resources: { requests: { cpu: '100m', memory: '200Mi' } } }],
      },
    },
  },
});

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000];
process.stdout.write(
  `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}, load average ${loadavg()[0]!.toFixed(1)}\n`,
);
for (const nodes of sizes) for (const apart of [false, true]) await measure(nodes, apart);

async function measure(nodes: number, apart: boolean): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'everynode-bench-'));
  const kubeconfig = join(dataDir, 'kubeconfig');
  const startedAt = performance.now();
  const up = startEverynode([
    'up',
    '--no-table',
    `--data-dir=${dataDir}`,
    '--port=0',
    `--nodes=${nodes}`,
    `--controllers=${apart ? '*,-daemonset-controller' : '*'}`,
  ]);
  await up.said(/^ready/m);
  const say = (what: string, text: string) =>
    process.stdout.write(`${nodes} nodes, ${apart ? 'controller apart' : 'all in one'}: ${what.padEnd(8)} ${text}\n`);
  say('start', `${seconds(performance.now() - startedAt)} until it said that it is ready`);

  const client = createHttpClient(await loadKubeconfig({ path: kubeconfig, clock: systemClock }));
  await until(async () => {
    const { items } = await client.list(resources.nodes);
    return items.filter(({ status }) => status?.conditions?.some(isReady)).length === nodes;
  });
  const controller = apart
    ? startEverynode(['controller', '--kubeconfig', kubeconfig, '--leader-elect', 'false', '--skip-preflight'])
    : undefined;
  await controller?.said(/the lists are complete/);
  const measured = controller ?? up;

  const phase = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    const before = cpuSeconds(measured.pid);
    const began = performance.now();
    await act();
    await until(() => isRolledOut(client, nodes));
    const ms = performance.now() - began;
    const cpu = cpuSeconds(measured.pid) - before;
    const peak = Math.round(residentBytes(measured.pid).peak / 1e6);
    say(what, `${seconds(ms)}, ${cpu.toFixed(2)} s of CPU, peak ${peak} MB`);
  };
  await phase('launch', () => client.create(resources.daemonSets, daemonSet('fluentd:v2.5.2')));
  await phase('rollout', () =>
    client.patch(resources.daemonSets, namespace, name, 'strategic', { spec: daemonSet('fluentd:v2.5.3').spec }),
  );
  await client.close();
  await controller?.stop();
  await up.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function isReady({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Ready' && status === 'True';
}

async function isRolledOut(client: HttpClient, nodes: number): Promise<boolean> {
  const { metadata, status } = await client.get(resources.daemonSets, namespace, name);
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedNumberScheduled === nodes &&
    status.numberAvailable === nodes
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + doneMsMax;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not done within ${doneMsMax / 1000} s`);
    await delay(pollMs);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
