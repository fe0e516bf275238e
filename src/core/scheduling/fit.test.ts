import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Node, PodSpec } from '../../api/index.ts';
import { podDemand } from './demand.ts';
import { admissionMisfits, describeMisfit, misfits } from './fit.ts';
import { type NodeInfo, nodeOffer, NodeUsage } from './node-info.ts';
import { placePod } from './place.ts';

const node = (name: string, more: Partial<Node> = {}): Node => ({
  ...more,
  metadata: { name, labels: { disk: 'ssd' }, ...more.metadata },
  status: { allocatable: { cpu: '1', memory: '1Gi', pods: '2' }, ...more.status },
});
const info = (object: Node, ...pods: readonly PodSpec[]): NodeInfo => {
  const usage = new NodeUsage();
  for (const pod of pods) usage.add(podDemand(pod));
  return { offer: nodeOffer(object), usage };
};
const pod = (more: Partial<PodSpec> = {}, requests: Record<string, string> = {}): PodSpec => ({
  containers: [{ name: 'c', resources: { requests } }],
  ...more,
});
const withPort = (hostPort: number, hostIP?: string, protocol?: string): PodSpec => ({
  containers: [
    {
      name: 'c',
      ports: [
        {
          containerPort: 80,
          hostPort,
          ...(hostIP === undefined ? {} : { hostIP }),
          ...(protocol === undefined ? {} : { protocol }),
        },
      ],
    },
  ],
});
const pinnedTo = (...values: string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }],
      },
    },
  },
});

const cases: readonly (readonly [title: string, spec: PodSpec, node: NodeInfo, reasons: readonly string[]])[] = [
  ['a pod without demands fits', pod(), info(node('a')), []],
  [
    'a cordoned node takes no pod',
    pod(),
    info(node('a', { spec: { unschedulable: true } })),
    ['node(s) were unschedulable'],
  ],
  [
    'a cordoned node takes a pod that tolerates the unschedulable taint, as daemon pods do',
    pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] }),
    info(node('a', { spec: { unschedulable: true } })),
    [],
  ],
  [
    'an untolerated taint is named with its value',
    pod(),
    info(node('a', { spec: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } })),
    ['node(s) had untolerated taint {dedicated: db}'],
  ],
  [
    'PreferNoSchedule keeps nobody away',
    pod(),
    info(node('a', { spec: { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] } })),
    [],
  ],
  [
    'nodeSelector must match',
    pod({ nodeSelector: { disk: 'hdd' } }),
    info(node('a')),
    ["node(s) didn't match Pod's node affinity/selector"],
  ],
  [
    'nodeName of another node',
    pod({ nodeName: 'b' }),
    info(node('a')),
    ["node(s) didn't match the requested node name"],
  ],
  [
    'every short resource is named',
    pod({}, { cpu: '600m', memory: '2Gi', 'example.com/gpu': '1' }),
    info(node('a'), pod({}, { cpu: '500m' })),
    ['Insufficient cpu', 'Insufficient memory', 'Insufficient example.com/gpu'],
  ],
  ['exactly filling the node fits', pod({}, { cpu: '500m' }), info(node('a'), pod({}, { cpu: '500m' })), []],
  ['the number of pods is bounded', pod(), info(node('a'), pod(), pod()), ['Too many pods']],
  [
    'a taken host port',
    withPort(80),
    info(node('a'), withPort(80, '10.0.0.1')),
    ["node(s) didn't have free ports for the requested pod ports"],
  ],
  [
    'the same host port on two addresses is no conflict',
    withPort(80, '10.0.0.2'),
    info(node('a'), withPort(80, '10.0.0.1')),
    [],
  ],
  [
    'the same host port of two protocols is no conflict',
    withPort(80, undefined, 'UDP'),
    info(node('a'), withPort(80)),
    [],
  ],
];

/** The placement without the nodes that preemption may look at. */
function verdict(...question: Parameters<typeof placePod>): object {
  const placement = placePod(...question);
  return placement.placed ? placement : { placed: false, message: placement.message };
}

describe('a pod on a node', () => {
  for (const [title, spec, on, reasons] of cases)
    test(title, () => assert.deepEqual(misfits(podDemand(spec), on).map(describeMisfit), reasons));

  test('leaves no trace when it goes: adding and removing pods in any order ends where it began', () => {
    const specs = [pod({}, { cpu: '100m' }), withPort(80), withPort(80, '10.0.0.1'), pod({}, { memory: '1Gi' })];
    fc.assert(
      fc.property(fc.shuffledSubarray([...specs, ...specs]), (chosen) => {
        const usage = new NodeUsage();
        for (const spec of chosen) usage.add(podDemand(spec));
        for (const spec of chosen.toReversed()) usage.remove(podDemand(spec));
        assert.equal(usage.pods, 0);
        assert.equal(usage.requested('cpu'), 0);
        assert.equal(usage.isTaken({ port: 80, protocol: 'TCP', ip: '0.0.0.0' }), false);
      }),
    );
  });
});

describe("a node's own admission", () => {
  test('does not mind a cordon or a NoSchedule taint, but minds NoExecute', () => {
    const cordoned = info(node('a', { spec: { unschedulable: true, taints: [{ key: 'x', effect: 'NoSchedule' }] } }));
    assert.deepEqual(admissionMisfits(podDemand(pod()), cordoned), []);
    const evicting = info(node('a', { spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } }));
    assert.equal(admissionMisfits(podDemand(pod()), evicting)[0]?.plugin, 'TaintToleration');
  });
});

describe('placing a pod', () => {
  const cluster = (...nodes: readonly NodeInfo[]) => new Map(nodes.map((each) => [each.offer.name, each]));

  test('chooses the node with most room', () => {
    const nodes = cluster(info(node('a'), pod({}, { cpu: '600m' })), info(node('b'), pod({}, { cpu: '200m' })));
    assert.deepEqual(verdict(podDemand(pod({}, { cpu: '100m' })), nodes), { placed: true, nodeName: 'b' });
  });

  test('spreads pods without requests', () => {
    const nodes = cluster(info(node('a'), pod()), info(node('b')));
    assert.deepEqual(verdict(podDemand(pod()), nodes), { placed: true, nodeName: 'b' });
  });

  test('counts the reasons of all nodes, sorted, in the words of kube-scheduler', () => {
    const full = info(node('a'), pod({}, { memory: '1Gi' }));
    const nodes = cluster(
      full,
      info(node('b', { metadata: { name: 'b', labels: {} } })),
      info(node('c', { metadata: { name: 'c', labels: {} } })),
    );
    assert.deepEqual(verdict(podDemand(pod({ nodeSelector: { disk: 'ssd' } }, { memory: '1Mi' })), nodes), {
      placed: false,
      message: "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match Pod's node affinity/selector.",
    });
  });

  test('looks at no other node when the pod is pinned to one', () => {
    const nodes = cluster(info(node('a'), pod({}, { cpu: '1' })), info(node('b')));
    let looked = 0;
    const counting = {
      get size() {
        return nodes.size;
      },
      get: (name: string) => {
        looked++;
        return nodes.get(name);
      },
      values: () => assert.fail('all nodes were walked'),
    } as unknown as ReadonlyMap<string, NodeInfo>;
    assert.deepEqual(verdict(podDemand(pod(pinnedTo('a'), { cpu: '1m' })), counting), {
      placed: false,
      message: "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    });
    assert.equal(looked, 1);
  });

  test('a pod pinned to a node that is not there', () => {
    assert.deepEqual(verdict(podDemand(pod(pinnedTo('gone'))), cluster(info(node('a')))), {
      placed: false,
      message: "0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    });
  });

  test('a cluster without nodes', () => {
    assert.deepEqual(verdict(podDemand(pod()), new Map()), {
      placed: false,
      message: 'no nodes available to schedule pods',
    });
  });

  test('never places a pod where it does not fit', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 1200 }), (used, wanted) => {
        const nodes = cluster(...used.map((cpu, index) => info(node(`n${index}`), pod({}, { cpu: `${cpu}m` }))));
        const placement = placePod(podDemand(pod({}, { cpu: `${wanted}m` })), nodes);
        const fitting = used.filter((cpu) => wanted === 0 || cpu + wanted <= 1000);
        assert.equal(placement.placed, fitting.length > 0);
        // Nodes that are full or fuller are all alike: there is nothing left to prefer one for.
        const load = (cpu: number) => Math.min(cpu, 1000);
        if (placement.placed)
          assert.equal(load(used[Number(placement.nodeName.slice(1))]!), load(Math.min(...fitting)));
      }),
    );
  });
});
