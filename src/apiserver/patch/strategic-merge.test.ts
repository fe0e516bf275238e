import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isReason } from '../../api/index.ts';
import type { JsonObject } from '../schema/json.ts';
import { structForResource } from '../schema/types.ts';
import { strategicMerge } from './strategic-merge.ts';

const daemonSet = structForResource('apps/v1/DaemonSet')!;
const deployment = structForResource('apps/v1/Deployment')!;
const merge = (target: JsonObject, patch: JsonObject) => strategicMerge(target, patch, daemonSet);
const podSpec = (spec: JsonObject) => ({ spec: { template: { spec } } });

/** Each row: what stood there, the patch, what comes out. */
const rows: readonly (readonly [name: string, before: JsonObject, patch: JsonObject, after: JsonObject])[] = [
  [
    'containers merge by name, and fields that the patch does not name stay',
    podSpec({
      containers: [
        { name: 'a', image: 'a:1', args: ['x'] },
        { name: 'b', image: 'b:1' },
      ],
    }),
    podSpec({ containers: [{ name: 'a', image: 'a:2' }] }),
    podSpec({
      containers: [
        { name: 'a', image: 'a:2', args: ['x'] },
        { name: 'b', image: 'b:1' },
      ],
    }),
  ],
  [
    'a new entry goes where the patch has it, before what only the server has',
    podSpec({ containers: [{ name: 'a' }] }),
    podSpec({ containers: [{ name: 'b' }] }),
    podSpec({ containers: [{ name: 'b' }, { name: 'a' }] }),
  ],
  [
    'an entry with $patch: delete goes',
    podSpec({
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', emptyDir: {} },
      ],
    }),
    podSpec({ volumes: [{ name: 'a', $patch: 'delete' }] }),
    podSpec({ volumes: [{ name: 'b', emptyDir: {} }] }),
  ],
  [
    'a list with a $patch: replace entry replaces the whole list',
    podSpec({ containers: [{ name: 'a' }, { name: 'b' }] }),
    podSpec({ containers: [{ $patch: 'replace' }, { name: 'c' }] }),
    podSpec({ containers: [{ name: 'c' }] }),
  ],
  [
    'an object with $patch: replace is taken as it is, as rollout undo sends the template',
    {
      spec: {
        minReadySeconds: 5,
        template: { metadata: { labels: { old: 'x' } }, spec: { containers: [{ name: 'a' }] } },
      },
    },
    {
      spec: {
        template: { $patch: 'replace', metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'z' }] } },
      },
    },
    {
      spec: {
        minReadySeconds: 5,
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'z' }] } },
      },
    },
  ],
  [
    'an object with $patch: delete empties it',
    { metadata: { labels: { a: 'b' } } },
    { metadata: { labels: { $patch: 'delete' } } },
    { metadata: { labels: {} } },
  ],
  [
    'null removes a field',
    { spec: { minReadySeconds: 5, revisionHistoryLimit: 1 } },
    { spec: { minReadySeconds: null } },
    { spec: { revisionHistoryLimit: 1 } },
  ],
  [
    '$retainKeys drops the volume source that was there before',
    podSpec({ volumes: [{ name: 'v', emptyDir: {} }] }),
    podSpec({ volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] }),
    podSpec({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] }),
  ],
  [
    '$setElementOrder orders the named entries and keeps the others in place',
    podSpec({ containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }),
    podSpec({ '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }], containers: [{ name: 'c', image: 'x' }] }),
    podSpec({ containers: [{ name: 'b' }, { name: 'c', image: 'x' }, { name: 'a' }] }),
  ],
  [
    'finalizers are a set: added without repeating, taken away with $deleteFromPrimitiveList',
    { metadata: { finalizers: ['a', 'b'] } },
    {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['a'],
        '$setElementOrder/finalizers': ['b', 'c'],
        finalizers: ['b', 'c'],
      },
    },
    { metadata: { finalizers: ['b', 'c'] } },
  ],
  [
    'an owner reference goes by its uid, as a controller releases a pod',
    {
      metadata: {
        ownerReferences: [
          { uid: '1', name: 'x' },
          { uid: '2', name: 'y' },
        ],
      },
    },
    { metadata: { ownerReferences: [{ $patch: 'delete', uid: '1' }], uid: 'u' } },
    { metadata: { ownerReferences: [{ uid: '2', name: 'y' }], uid: 'u' } },
  ],
  [
    'tolerations have no key and are replaced',
    podSpec({ tolerations: [{ key: 'a' }] }),
    podSpec({ tolerations: [{ key: 'b' }] }),
    podSpec({ tolerations: [{ key: 'b' }] }),
  ],
  [
    'a field that was not there loses directives and nulls on its way in',
    { spec: {} },
    podSpec({
      '$setElementOrder/containers': [{ name: 'a' }],
      containers: [
        { name: 'a', image: null },
        { name: 'b', $patch: 'delete' },
      ],
    }),
    podSpec({ containers: [{ name: 'a' }] }),
  ],
  [
    'map keys that look like directives of a list are refused nowhere: labels are data',
    { metadata: { labels: { a: '1', b: '2' } } },
    { metadata: { labels: { a: null, c: '3' } } },
    { metadata: { labels: { b: '2', c: '3' } } },
  ],
];

describe('strategic merge patch', () => {
  for (const [name, before, patch, after] of rows) {
    test(name, () => {
      const copy = structuredClone(before);
      assert.deepEqual(merge(before, patch), after);
      assert.deepEqual(before, copy, 'the target was changed');
    });
  }

  test('the strategy of a Deployment keeps only the fields it is told to', () => {
    const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    assert.deepEqual(strategicMerge(before, patch, deployment), { spec: { strategy: { type: 'Recreate' } } });
  });

  const bad: readonly (readonly [name: string, patch: JsonObject])[] = [
    ['an unknown $patch', { spec: { $patch: 'explode' } }],
    ['an entry without its merge key', podSpec({ containers: [{ image: 'x' }] })],
    ['a plain value among keyed entries', podSpec({ containers: ['x'] })],
    ['$setElementOrder that is no list', podSpec({ '$setElementOrder/containers': 'x' })],
    ['a field that $retainKeys does not name', { spec: { $retainKeys: ['selector'], minReadySeconds: 3 } }],
  ];
  for (const [name, patch] of bad) {
    test(`${name} is a bad request`, () => {
      const before = podSpec({ containers: [{ name: 'a' }] });
      assert.throws(
        () => merge(before, patch),
        (error) => isReason(error, 'BadRequest'),
      );
    });
  }

  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const container = fc.record({ name, image: fc.constantFrom('x:1', 'x:2') }, { noNullPrototype: true });
  const containers = fc.uniqueArray(container, { selector: (entry) => entry.name, minLength: 1 });

  test('what a patch names comes out as the patch says, whatever stood there; applying it twice changes nothing', () => {
    fc.assert(
      fc.property(containers, containers, (before, change) => {
        const patch = podSpec({ containers: change });
        const once = merge(podSpec({ containers: before }), patch);
        const list = (once as { spec: { template: { spec: { containers: typeof change } } } }).spec.template.spec
          .containers;
        for (const entry of change)
          assert.deepEqual(
            list.find((other) => other.name === entry.name),
            entry,
          );
        assert.deepEqual(
          new Set(list.map((entry) => entry.name)),
          new Set([...before, ...change].map((entry) => entry.name)),
        );
        assert.deepEqual(merge(once, patch), once);
      }),
    );
  });

  test('$setElementOrder with deletions turns any list into any other, as kubectl apply does', () => {
    fc.assert(
      fc.property(containers, containers, (before, wanted) => {
        const gone = before.filter((entry) => !wanted.some((other) => other.name === entry.name));
        const patch = podSpec({
          '$setElementOrder/containers': wanted.map((entry) => ({ name: entry.name })),
          containers: [...wanted, ...gone.map((entry) => ({ name: entry.name, $patch: 'delete' }))],
        });
        assert.deepEqual(merge(podSpec({ containers: before }), patch), podSpec({ containers: wanted }));
      }),
    );
  });
});
