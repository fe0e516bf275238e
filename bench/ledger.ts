// What the DaemonSet core costs per event and per new target: `node bench/ledger.ts [nodes …]`. Figures go to
// docs/performance.md by hand, with the machine's cores.
import { cpus } from 'node:os';
import { compileTarget, Ledger, type NodeView, type PodView } from '../src/core/daemonset/index.ts';

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1_000, 10_000];

const daemonSet = (generation: number) => ({
  metadata: { name: 'fluentd', namespace: 'kube-system', uid: 'uid', generation },
  spec: {
    selector: { matchLabels: { name: 'fluentd' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } },
    template: {
      metadata: { labels: { name: 'fluentd' } },
      spec: { containers: [{ name: 'c', image: `c:${generation}` }] },
    },
  },
});
const node = (index: number): NodeView => ({
  name: `node-${String(index).padStart(5, '0')}`,
  uid: `node-${index}`,
  labels: { 'topology.kubernetes.io/zone': `zone-${index % 3}` },
  taints: [],
  ready: true,
  readyChangedAt: 0,
});
const pod = (index: number, revision: string, ready: boolean): PodView => ({
  uid: `pod-${index}-${revision}`,
  namespace: 'kube-system',
  name: `fluentd-${index}-${revision}`,
  resourceVersion: '1',
  labels: { name: 'fluentd', 'controller-revision-hash': revision },
  controller: 'uid',
  bound: true,
  node: `node-${String(index).padStart(5, '0')}`,
  phase: 'Running',
  reason: undefined,
  ready,
  readyChangedAt: 0,
  createdAt: 0,
  startedAt: 0,
  deletionAt: undefined,
  deletionGraceMs: 0,
});
const timed = (work: () => void): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e3;
};

process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}\n`);
for (const count of sizes) {
  const ledger = new Ledger();
  const heapBefore = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) {
    ledger.setNode(node(index), 0);
    ledger.setPod(pod(index, 'a', true), 0);
  }
  const retargetMicros = timed(() => ledger.retarget(compileTarget(daemonSet(1), 'a'), 0));
  const events = 100_000;
  const eventMicros = timed(() => {
    for (let event = 0; event < events; event++) ledger.setPod(pod(event % count, 'a', event % 2 === 0), 0);
  });
  for (let index = 0; index < count; index++) ledger.setPod(pod(index, 'a', true), 0);
  const newTargetMicros = timed(() => ledger.retarget(compileTarget(daemonSet(2), 'b'), 0));
  const planMicros = timed(() => {
    for (let round = 0; round < 100; round++) ledger.plan({ createsMax: 16, deletesMax: 16 });
  });
  const heap = process.memoryUsage().heapUsed - heapBefore;
  process.stdout.write(
    [
      `${count} nodes:`,
      `pod event ${(eventMicros / events).toFixed(2)} µs,`,
      `first target ${(retargetMicros / 1e3).toFixed(1)} ms,`,
      `new template ${(newTargetMicros / 1e3).toFixed(1)} ms,`,
      `plan ${(planMicros / 100).toFixed(1)} µs,`,
      `heap ${(heap / count / 1024).toFixed(1)} kB a node\n`,
    ].join(' '),
  );
}
