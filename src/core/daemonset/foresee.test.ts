// What an edited DaemonSet will do to each node: where it ends up, and in which wave.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DaemonSetSpec, PodSpec, RolloutPolicyStatus } from '../../api/index.ts';
import { daemonSet, node, now, onDelete, rolling, surging, taint, terminating } from './builders.test-support.ts';
import { foresee } from './foresee.ts';
import { rolloutPolicy } from './policy/policies.test-support.ts';
import { fresh, image, newest, old, older, outdated, right, snapshot } from './snapshots.test-support.ts';
import type { Snapshot } from './survey.ts';

const edited = (podSpec: Partial<PodSpec>, spec: Partial<DaemonSetSpec> = {}) =>
  daemonSet(spec, podSpec, { generation: 2 });
const another = image('daemon:2');

/** `node: fate`, a line each. */
function fates(changes: Partial<Snapshot>, podSpec: Partial<PodSpec>, spec: Partial<DaemonSetSpec> = {}) {
  return foresee(snapshot({}, changes), edited(podSpec, spec), now).nodes.map(({ node: name, fate, obstacle }) =>
    [`${name}: ${fate}`, ...(obstacle === undefined ? [] : [obstacle.kind])].join(', '),
  );
}

describe('where a node ends up', () => {
  const pods = [right('a')];
  const pool = (value: string) => node('node-1', { labels: { pool: value } });
  const rows: readonly (readonly [
    why: string,
    changes: Partial<Snapshot>,
    podSpec: Partial<PodSpec>,
    spec: Partial<DaemonSetSpec>,
    fate: string,
  ])[] = [
    ['nothing of the template changes', { pods }, {}, {}, 'unchanged'],
    ['another image', { pods }, another, {}, 'replaced'],
    ['another image, OnDelete', { pods }, another, onDelete, 'replaced-on-delete'],
    ['another image, with surge', { pods }, another, surging, 'replaced'],
    [
      'back to the image before, where its pod has stayed',
      { pods: [outdated('a')] },
      image('daemon:0'),
      {},
      'unchanged',
    ],
    ['no pod yet', {}, {}, {}, 'created'],
    ['a pod that is going', { pods: [right('a', terminating)] }, {}, {}, 'created'],
    [
      'it is no longer selected',
      { nodes: [pool('b')], pods },
      { nodeSelector: { pool: 'a' } },
      {},
      'removed, node-selector',
    ],
    ['it is selected now', { nodes: [pool('a')] }, { nodeSelector: { pool: 'a' } }, {}, 'created'],
    [
      'it was not selected, nor is it now',
      { nodes: [pool('b')] },
      { nodeSelector: { pool: 'a' } },
      {},
      'unchanged, node-selector',
    ],
    [
      'a NoSchedule taint, no longer tolerated: the old pod goes with the rollout',
      { nodes: [node('node-1', { taints: [taint('NoSchedule')] })], pods },
      another,
      {},
      'removed, taint',
    ],
    [
      'a NoSchedule taint, the template as it was: the pod may stay',
      { nodes: [node('node-1', { taints: [taint('NoSchedule')] })], pods },
      {},
      {},
      'unchanged, taint',
    ],
  ];
  for (const [why, changes, podSpec, spec, fate] of rows)
    test(why, () => assert.deepEqual(fates(changes, podSpec, spec), [`node-1: ${fate}`]));
});

test('whether there is a new revision', () => {
  const revision = (podSpec: Partial<PodSpec>, revisions = [older, newest]) =>
    foresee(snapshot({}, { revisions }), edited(podSpec), now).revision;
  assert.deepEqual(revision({}), { kind: 'same', hash: fresh });
  // It reads differently and means the same.
  assert.deepEqual(revision({ nodeSelector: {} }), { kind: 'same', hash: fresh });
  assert.deepEqual(revision(image('daemon:0')), { kind: 'back', hash: old, number: 1 });
  assert.equal(revision(another).kind, 'new');
  assert.deepEqual(revision({}, []), { kind: 'new', hash: fresh });
});

test('how many at once', () => {
  const nodes = Array.from({ length: 10 }, (_, index) => node(`node-${index}`));
  const budget = (spec: Partial<DaemonSetSpec>) => foresee(snapshot({}, { nodes }), edited(another, spec), now).budget;
  assert.deepEqual(budget(rolling('25%')), { maxUnavailable: 3, maxSurge: 0 });
  assert.deepEqual(budget(rolling(0, '10%')), { maxUnavailable: 0, maxSurge: 1 });
});

describe('under a RolloutPolicy', () => {
  const waves = [
    { name: 'canary', nodeSelector: { matchLabels: { pool: 'canary' } }, soakSeconds: 60, approval: 'Manual' },
    { name: 'half', nodes: '50%' },
  ];
  const complete: RolloutPolicyStatus = {
    observedGeneration: 1,
    daemonSetUID: 'uid-daemon',
    revision: fresh,
    provenRevision: fresh,
    phase: 'Complete',
    openWaves: 3,
    waves: ['canary', 'half', 'rest'].map((name) => ({ name, nodes: 1, updated: 1, available: 1 })),
  };
  const nodes = [1, 2, 3, 4, 5].map((n) => node(`node-${n}`, n === 1 ? { labels: { pool: 'canary' } } : {}));
  const pods = nodes.map(({ name }) => right(`on-${name}`, { node: name }));
  const under = (status: RolloutPolicyStatus | undefined, paused = false) =>
    foresee(snapshot({}, { nodes, pods, policy: rolloutPolicy({ waves, paused }, {}, status) }), edited(another), now);

  test('each node has its wave, drawn as the rollout will draw it', () => {
    const { policy, nodes: found } = under(complete);
    assert.deepEqual(policy, {
      name: 'policy',
      isOpen: false,
      isPaused: false,
      waves: [
        { name: 'canary', soakMs: 60_000, manual: true },
        { name: 'half', soakMs: 0, manual: false },
        { name: 'rest', soakMs: 0, manual: false },
      ],
    });
    assert.ok(found.every(({ fate }) => fate === 'replaced'));
    assert.equal(found[0]?.wave, 0);
    const count = (index: number) => found.filter(({ wave }) => wave === index).length;
    assert.deepEqual([count(0), count(1), count(2)], [1, 2, 2]);
  });

  test('what holds nothing back, what is paused, and what cannot be read, say so', () => {
    const { provenRevision: _, ...unproven } = complete;
    // Nothing serves, so nothing is proven.
    const launching = snapshot({}, { nodes, policy: rolloutPolicy({ waves }, {}, { ...unproven, openWaves: 3 }) });
    const launch = foresee(launching, edited(another), now).policy;
    assert.equal(launch !== undefined && 'isOpen' in launch && launch.isOpen, true);
    const paused = under(complete, true).policy;
    assert.equal(paused !== undefined && 'isPaused' in paused && paused.isPaused, true);
    const unreadable = rolloutPolicy({ waves: [{ name: 'rest' }] });
    assert.deepEqual(foresee(snapshot({}, { nodes, policy: unreadable }), edited(another), now).policy, {
      problem: "spec.waves[0].name: 'rest' is taken",
    });
  });
});
