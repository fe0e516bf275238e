import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/index.ts';
import { builtinResources } from '../resources/builtin.ts';
import { podStatus } from './columns/pods.ts';
import { age, humanDuration } from './duration.ts';
import { objectTable } from './table.ts';

const now = Date.UTC(2026, 10, 23, 12);
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

test('ages read as kubectl writes them', () => {
  const cases: readonly [seconds: number, text: string][] = [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [150, '2m30s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [11_400, '3h10m'],
    [28_800, '8h'],
    [172_799, '47h'],
    [180_000, '2d2h'],
    [691_200, '8d'],
    [63_072_000, '2y'],
    [63_072_000 + 86_400 * 30, '2y30d'],
    [-1, '0s'],
    [-5, '<invalid>'],
  ];
  for (const [seconds, text] of cases) assert.equal(humanDuration(seconds * 1000), text, `${seconds} s`);
  assert.equal(age(undefined, now), '<unknown>');
});

test('the status of a pod is the word that tells most', async (t) => {
  const container = (state: object, ready = false) => ({
    name: 'c',
    image: 'i',
    imageID: '',
    ready,
    restartCount: 0,
    state,
  });
  const cases: readonly [string, object, object][] = [
    ['Pending', {}, { phase: 'Pending' }],
    [
      'ContainerCreating',
      {},
      { phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] },
    ],
    ['Running', {}, { phase: 'Running', containerStatuses: [container({ running: {} }, true)] }],
    [
      'CrashLoopBackOff',
      {},
      { phase: 'Running', containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } })] },
    ],
    [
      'Error',
      {},
      { phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 1, reason: 'Error' } })] },
    ],
    ['ExitCode:3', {}, { phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 3 } })] }],
    ['OutOfcpu', {}, { phase: 'Failed', reason: 'OutOfcpu' }],
    [
      'Terminating',
      { deletionTimestamp: ago(1) },
      { phase: 'Running', containerStatuses: [container({ running: {} }, true)] },
    ],
    [
      'Completed',
      { deletionTimestamp: ago(1) },
      { phase: 'Succeeded', containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })] },
    ],
    ['Init:0/1', {}, { phase: 'Pending', initContainerStatuses: [container({ running: {} })] }],
    [
      'Init:ImagePullBackOff',
      {},
      { phase: 'Pending', initContainerStatuses: [container({ waiting: { reason: 'ImagePullBackOff' } })] },
    ],
    [
      'Init:Error',
      {},
      { phase: 'Pending', initContainerStatuses: [container({ terminated: { exitCode: 1, reason: 'Error' } })] },
    ],
  ];
  for (const [expected, metadata, status] of cases)
    await t.test(expected, () => {
      const initContainers = 'initContainerStatuses' in status ? [{ name: 'c' }] : [];
      assert.equal(podStatus({ metadata, spec: { containers: [{ name: 'c' }], initContainers }, status }), expected);
    });
});

test('a table row of a pod has the columns that kubectl shows', () => {
  const pods = builtinResources.find(({ name }) => name === 'pods')!;
  const status = {
    phase: 'Running',
    podIP: '10.0.0.7',
    containerStatuses: [
      {
        name: 'a',
        image: 'i',
        imageID: '',
        ready: true,
        restartCount: 2,
        state: { running: {} },
        lastState: { terminated: { exitCode: 1, finishedAt: ago(90) } },
      },
    ],
  };
  const object = {
    metadata: { name: 'p', creationTimestamp: ago(300), resourceVersion: '5' },
    spec: { nodeName: 'n1', containers: [{ name: 'a' }, { name: 'b' }] },
    status,
  } as KubernetesObject;
  const table = objectTable(pods, object, { includeObject: 'Metadata', now });
  const [row] = table.rows as readonly { readonly cells: readonly unknown[]; readonly object: KubernetesObject }[];
  assert.deepEqual(row!.cells, ['p', '1/2', 'Running', '2 (90s ago)', '5m', '10.0.0.7', 'n1', '<none>', '<none>']);
  assert.deepEqual([row!.object.kind, row!.object.metadata.name], ['PartialObjectMetadata', 'p']);
  const names = (table.columnDefinitions as readonly { readonly name: string }[]).map(({ name }) => name);
  assert.equal(names.join(' '), 'Name Ready Status Restarts Age IP Node Nominated Node Readiness Gates');
  assert.equal(table.metadata.resourceVersion, '5');
});

test('a binding says in a wide table whom it is for', () => {
  const bindings = builtinResources.find(({ name }) => name === 'rolebindings')!;
  const subjects = [
    { kind: 'User', name: 'ann' },
    { kind: 'ServiceAccount', name: 'a', namespace: 'n' },
    { kind: 'User', name: 'bob' },
  ];
  const object = { metadata: { name: 'b' }, roleRef: { kind: 'Role', name: 'r' }, subjects } as KubernetesObject;
  const { rows } = objectTable(bindings, object, { includeObject: 'None', now });
  assert.deepEqual(rows, [{ cells: ['b', 'Role/r', '<unknown>', 'ann, bob', '', 'n/a'] }]);
});

test('every resource prints an object that has nothing but a name', () => {
  for (const definition of builtinResources) {
    const spec = { containers: [], selector: {}, template: { spec: { containers: [] } } };
    // Required fields of DaemonSets, pods and revisions, which validation makes sure of.
    const object = { metadata: { name: 'bare' }, spec, revision: 1 } as KubernetesObject;
    const { rows } = objectTable(definition, object, { includeObject: 'None', now });
    const { cells } = rows[0] as { readonly cells: readonly unknown[] };
    assert.equal(cells.length, definition.columns.length, definition.name);
    for (const cell of cells) assert.notEqual(cell, undefined, definition.name);
  }
});
