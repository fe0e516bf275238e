import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, PartialFields, Pod, Stored } from '../../api/index.ts';
import { nodeFields, podFields } from './view-fields.ts';
import { viewNode, viewPod } from './views.ts';

type Json = Readonly<Record<string, unknown>>;

/** The object as a reader of these fields sees it. */
function partOf(object: Json, fields: PartialFields): Json {
  const kept = Object.values(fields).flatMap(([name, type]): [string, unknown][] => {
    const value = object[name];
    if (value === undefined) return [];
    if (typeof type === 'string') return [[name, value]];
    return Array.isArray(type)
      ? [[name, (value as Json[]).map((item) => partOf(item, type[0] as PartialFields))]]
      : [[name, partOf(value as Json, type as PartialFields)]];
  });
  return Object.fromEntries(kept);
}

const time = (second: number) => `2026-11-23T10:00:0${second}Z`;
const metadata = {
  name: 'p',
  namespace: 'a',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: time(1),
  deletionTimestamp: time(2),
  deletionGracePeriodSeconds: 30,
  labels: { app: 'x', 'controller-revision-hash': 'h' },
  annotations: { big: 'text' },
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'du', controller: true, blockOwnerDeletion: true },
  ],
};
const conditions = [
  { type: 'Ready', status: 'True', lastTransitionTime: time(3), reason: 'r', message: 'm' },
  { type: 'Other', status: 'False', lastTransitionTime: time(4) },
];
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
    },
  },
};
const status = { phase: 'Running', reason: 'Evicted', startTime: time(5), conditions, hostIP: '1.2.3.4' };

describe('the fields that are asked for', () => {
  for (const [what, spec] of [
    ['a bound pod', { nodeName: 'n', containers: [] }],
    ['a pod that waits for its node', { affinity, containers: [] }],
  ] as const)
    test(`show ${what} as the whole object does`, () => {
      const pod = { metadata, spec, status } as unknown as Stored<Pod>;
      const part = partOf(pod as unknown as Json, podFields);
      assert.deepEqual(viewPod(part as unknown as Stored<Pod>), viewPod(pod));
      for (const [name, value] of Object.entries(viewPod(pod)))
        assert.ok(value !== undefined && value !== '' && value !== 0, `${name} is not told apart from an absent one`);
    });

  test('show a node as the whole object does', () => {
    const taints = [{ key: 'k', value: 'v', effect: 'NoExecute', timeAdded: time(6) }];
    const node = { metadata, spec: { taints, podCIDR: 'x' }, status: { conditions, images: [] } };
    const whole = node as unknown as Stored<Node>;
    const part = partOf(node, nodeFields) as unknown as Stored<Node>;
    const { taints: seen, ...view } = viewNode(part);
    const { taints: expected, ...rest } = viewNode(whole);
    assert.deepEqual(view, rest);
    assert.deepEqual(
      seen,
      expected.map(({ key, value, effect }) => ({ key, value, effect })),
    );
  });
});
