import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec, Taint } from '../../api/index.ts';
import { node, taint } from './builders.test-support.ts';
import { compilePlacement, describeObstacle } from './placement.ts';
import type { NodeView } from './views.ts';

interface Case {
  readonly why: string;
  readonly template?: Partial<PodSpec>;
  readonly node?: Partial<NodeView>;
  readonly run: boolean;
  readonly stay: boolean;
  /** Part of the obstacle in words. */
  readonly obstacle?: RegExp;
}

const wellKnown = (name: string, effect: string): Taint => ({ key: `node.kubernetes.io/${name}`, effect });
const inZone = (...zones: string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: zones }] }],
      },
    },
  },
});

// After upstream's TestNodeShouldRunDaemonPod: what is decided, on which node, and why not.
const cases: readonly Case[] = [
  { why: 'a template that asks for nothing runs everywhere', run: true, stay: true },
  { why: 'spec.nodeName names this node', template: { nodeName: 'node-1' }, run: true, stay: true },
  {
    why: 'spec.nodeName names another node',
    template: { nodeName: 'node-2' },
    run: false,
    stay: false,
    obstacle: /spec\.nodeName asks for node node-2/,
  },
  {
    why: 'the nodeSelector matches',
    template: { nodeSelector: { disk: 'ssd' } },
    node: { labels: { disk: 'ssd' } },
    run: true,
    stay: true,
  },
  {
    why: 'the nodeSelector wants another value',
    template: { nodeSelector: { disk: 'ssd' } },
    node: { labels: { disk: 'hdd' } },
    run: false,
    stay: false,
    obstacle: /wants label disk=ssd, the node has disk=hdd/,
  },
  {
    why: 'the nodeSelector wants a label that is not there',
    template: { nodeSelector: { disk: 'ssd' } },
    run: false,
    stay: false,
    obstacle: /wants label disk=ssd, which the node does not have/,
  },
  {
    why: 'nodeName and nodeSelector disagree',
    template: { nodeName: 'node-1', nodeSelector: { disk: 'ssd' } },
    run: false,
    stay: false,
    obstacle: /disk=ssd/,
  },
  {
    why: 'required affinity matches',
    template: inZone('a', 'b'),
    node: { labels: { zone: 'b' } },
    run: true,
    stay: true,
  },
  {
    why: 'required affinity does not match',
    template: inZone('a'),
    node: { labels: { zone: 'b' } },
    run: false,
    stay: false,
    obstacle: /required node affinity does not match/,
  },
  {
    why: 'required affinity on the name, by matchFields',
    template: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }] }],
          },
        },
      },
    },
    run: false,
    stay: false,
    obstacle: /labels or name/,
  },
  {
    why: 'preferred affinity decides nothing',
    template: {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }] } },
    },
    run: true,
    stay: true,
  },
  {
    why: 'an untolerated NoSchedule taint keeps new pods away and lets running ones stay',
    node: { taints: [taint('NoSchedule')] },
    run: false,
    stay: true,
    obstacle: /the taint dedicated=x:NoSchedule/,
  },
  {
    why: 'an untolerated NoExecute taint drives running pods out',
    node: { taints: [taint('NoExecute')] },
    run: false,
    stay: false,
    obstacle: /the taint dedicated=x:NoExecute/,
  },
  { why: 'PreferNoSchedule is only a wish', node: { taints: [taint('PreferNoSchedule')] }, run: true, stay: true },
  {
    why: 'of two taints the one that drives out is named',
    node: { taints: [taint('NoSchedule', 'soft'), taint('NoExecute', 'hard')] },
    run: false,
    stay: false,
    obstacle: /hard/,
  },
  {
    why: 'a toleration of NoSchedule alone does not cover NoExecute',
    template: { tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }] },
    node: { taints: [taint('NoSchedule'), taint('NoExecute')] },
    run: false,
    stay: false,
  },
  {
    why: 'tolerated taints are no obstacle',
    template: { tolerations: [{ key: 'dedicated', operator: 'Exists' }] },
    node: { taints: [taint('NoSchedule'), taint('NoExecute')] },
    run: true,
    stay: true,
  },
  {
    why: 'NotReady and unreachable are tolerated by every daemon, with their taints',
    node: { ready: false, taints: [wellKnown('not-ready', 'NoExecute'), wellKnown('unreachable', 'NoExecute')] },
    run: true,
    stay: true,
  },
  {
    why: 'so are disk, memory and PID pressure, and a cordoned node',
    node: {
      taints: ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) =>
        wellKnown(name, 'NoSchedule'),
      ),
    },
    run: true,
    stay: true,
  },
  {
    why: 'the same taints with the other effect are not',
    node: { taints: [wellKnown('disk-pressure', 'NoExecute')] },
    run: false,
    stay: false,
  },
  {
    why: 'network-unavailable stops a daemon in the pod network',
    node: { taints: [wellKnown('network-unavailable', 'NoSchedule')] },
    run: false,
    stay: true,
    obstacle: /network-unavailable:NoSchedule/,
  },
  {
    why: 'network-unavailable does not stop one in the host network, which may bring the network up',
    template: { hostNetwork: true },
    node: { taints: [wellKnown('network-unavailable', 'NoSchedule')] },
    run: true,
    stay: true,
  },
];

for (const { why, template, node: changes, run, stay, obstacle } of cases)
  test(`placement: ${why}`, () => {
    const place = compilePlacement({ containers: [], ...template });
    const verdict = place(node('node-1', changes));
    assert.deepEqual({ run: verdict.run, stay: verdict.stay }, { run, stay });
    assert.equal(verdict.obstacle === undefined, run, 'an obstacle is given exactly when no pod should run');
    if (obstacle !== undefined) assert.match(describeObstacle(verdict.obstacle!), obstacle);
  });
