// Whole rollouts on a made-up fleet: who is replaced, how many at once, and what must not be touched.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deadNode,
  failed,
  minute,
  node,
  nodeInZone,
  now,
  pod,
  rolling,
  second,
  starting,
  taint,
  target,
} from './builders.test-support.ts';
import { type Fleet, fleet, manyNodes, nodesOf } from './fleet.test-support.ts';
import { Ledger } from './ledger.ts';

const oldOn = (name: string, changes: Parameters<typeof pod>[1] = {}) =>
  pod(`old-${name}`, { node: name, revision: 'old', ...changes });
const revisionsOf = (made: Fleet) => [...made.pods.values()].map(({ labels }) => labels['controller-revision-hash']);

describe('without surge', () => {
  test('nodes are replaced in batches of maxUnavailable, until all are new (TestDaemonSetUpdatesPods)', () => {
    const made = fleet(target(rolling(2)), manyNodes(5), true);
    const plans = made.settle();
    const batches = plans.filter(({ deletes }) => deletes.length > 0).map(({ deletes }) => nodesOf(deletes));
    assert.deepEqual(batches, [['node-00', 'node-01'], ['node-02', 'node-03'], ['node-04']]);
    assert.deepEqual(
      revisionsOf(made),
      Array.from({ length: 5 }, () => 'new'),
    );
    assert.deepEqual([made.ledger.counts.updated, made.ledger.counts.available, made.ledger.outdated], [5, 5, 0]);
  });

  test('a percentage of the desired nodes is rounded up, and nothing at all means one', () => {
    const firstBatch = (maxUnavailable: number | string) =>
      fleet(target(rolling(maxUnavailable)), manyNodes(10), true).step().deletes.length;
    assert.deepEqual(['25%', '1%', '100%', 0, '0%', 20].map(firstBatch), [3, 1, 10, 1, 1, 10]);
  });

  test('a new pod that never gets ready stops the rollout (TestDaemonSetUpdatesWhenNewPodIsNotReady)', () => {
    const made = fleet(target(rolling(3)), manyNodes(10), true);
    for (let round = 0; round < 20; round++) made.step();
    assert.equal(revisionsOf(made).filter((revision) => revision === 'new').length, 3);
  });

  test('repeated bad updates never touch healthy old pods (TestDaemonSetUpdatesSaveOldHealthyPods)', () => {
    const made = fleet(target(rolling(4)), manyNodes(20), true);
    for (let update = 0; update < 5; update++) {
      made.ledger.retarget(
        { ...target(rolling(4), {}, update + 2), revision: `bad-${update}`, sameRevisions: new Set([`bad-${update}`]) },
        now,
      );
      for (let round = 0; round < 10; round++) made.step();
      assert.equal(revisionsOf(made).filter((revision) => revision === 'old').length, 16);
    }
  });

  test('old pods that serve nobody are all replaced at once (TestDaemonSetUpdatesAllOldPodsNotReady)', () => {
    const made = fleet(target(rolling(1)), manyNodes(30), ({ name }) => [oldOn(name, starting)]);
    assert.equal(made.step().deletes.length, 30);
  });

  test('unhealthy ones go first, and use up the budget that they do not serve anyway', () => {
    const sick = new Set(['node-07', 'node-09']);
    const made = fleet(target(rolling(3)), manyNodes(10), ({ name }) => [oldOn(name, sick.has(name) ? starting : {})]);
    assert.deepEqual(nodesOf(made.step().deletes), ['node-07', 'node-09', 'node-00']);
  });

  test('ten ready pods younger than minReadySeconds are not deleted together (upstream does)', () => {
    const spec = { ...rolling(1), minReadySeconds: 60 };
    const made = fleet(target(spec), manyNodes(10), ({ name }) => [oldOn(name, { readyChangedAt: now - second })]);
    assert.deepEqual(made.step().deletes, []);
    made.time = now + minute;
    assert.deepEqual(nodesOf(made.step().deletes), ['node-00']);
  });

  test('one ready pod younger than minReadySeconds is first to go: it is unavailable anyway', () => {
    const spec = { ...rolling(1), minReadySeconds: 60 };
    const made = fleet(target(spec), manyNodes(3), ({ name }) => [
      oldOn(name, name === 'node-02' ? { readyChangedAt: now - second } : {}),
    ]);
    assert.deepEqual(nodesOf(made.step().deletes), ['node-02']);
  });

  test('zones take turns, so that no zone goes first as a whole', () => {
    const nodes = ['a', 'b', 'c'].flatMap((zone) => [1, 2, 3].map((number) => nodeInZone(`${zone}${number}`, zone)));
    const made = fleet(target(rolling(4)), nodes, true);
    assert.deepEqual(nodesOf(made.step().deletes), ['a1', 'b1', 'c1', 'a2']);
  });

  test('a zone that has a node in flux already goes last', () => {
    const nodes = ['a', 'b'].flatMap((zone) => [1, 2].map((number) => nodeInZone(`${zone}${number}`, zone)));
    const made = fleet(target(rolling(2)), nodes, ({ name }) => (name === 'a1' ? [] : [oldOn(name)]));
    assert.deepEqual(nodesOf(made.step().deletes), ['b1']);
  });

  test('the order does not depend on the order in which things were heard of', () => {
    const nodes = ['a', 'b', 'c'].flatMap((zone) => [1, 2, 3].map((number) => nodeInZone(`${zone}${number}`, zone)));
    const plan = (nodes: readonly ReturnType<typeof node>[]) => fleet(target(rolling(5)), nodes, true).ledger.plan();
    assert.deepEqual(plan(nodes.toReversed()), plan(nodes));
  });

  test('changing the strategy alone replaces nothing (TestDaemonSetUpdatesNoTemplateChanged)', () => {
    const made = fleet(target(rolling(1)), manyNodes(3), ({ name }) => [pod(`new-${name}`, { node: name })]);
    made.ledger.retarget(target(rolling('100%'), {}, 2), now);
    assert.deepEqual(made.step(), { creates: [], deletes: [] });
  });
});

describe('dead and deleted nodes', () => {
  /** Of three nodes the first is as given; the rest serve with old pods. */
  const rollout = (first: ReturnType<typeof node>, onFirst: readonly ReturnType<typeof pod>[], surge = false) =>
    fleet(target(surge ? rolling(0, 1) : rolling(1)), [first, node('node-01'), node('node-02')], ({ name }) =>
      name === first.name ? onFirst : [oldOn(name)],
    );
  const stuck = oldOn('node-00', { deletionAt: now - minute, deletionGraceMs: 30 * second });

  test('a pod stuck terminating on a dead node does not hold a rollout of one at a time', () => {
    const made = rollout(deadNode('node-00', now - 10 * minute), [stuck]);
    assert.deepEqual(nodesOf(made.step().deletes), ['node-01']);
  });

  test('a pod stuck terminating on a deleted node does not either', () => {
    const made = rollout(node('node-00'), [stuck]);
    assert.deepEqual(made.step().deletes, []);
    made.ledger.removeNode('node-00', now);
    assert.deepEqual(nodesOf(made.step().deletes), ['node-01']);
  });

  test('a pod stuck on a node that died meanwhile holds it until it is overdue', () => {
    const made = rollout(deadNode('node-00', now + second), [
      oldOn('node-00', { deletionAt: now + 30 * second, deletionGraceMs: 30 * second }),
    ]);
    made.time = now + 59 * second;
    assert.deepEqual(made.step().deletes, []);
    assert.equal(made.ledger.dueAt, now + 60 * second);
    made.time = now + 60 * second;
    assert.deepEqual(nodesOf(made.step().deletes), ['node-01']);
  });

  test('a node that was dead before the rollout does not hold it', () => {
    const made = rollout(deadNode('node-00', now - 10 * minute), [oldOn('node-00', starting)]);
    assert.deepEqual(nodesOf(made.step().deletes).toSorted(), ['node-00', 'node-01']);
  });

  test('a node that died after it got the new revision does', () => {
    const made = rollout(deadNode('node-00', now - second), [
      pod('fresh', { node: 'node-00', ready: false, createdAt: now - minute, startedAt: now - minute }),
    ]);
    assert.deepEqual(made.step(), { creates: [], deletes: [] });
  });

  test('a pod on a deleted node does not stop a surge rollout', () => {
    const made = rollout(node('node-00'), [oldOn('node-00')], true);
    made.ledger.removeNode('node-00', now);
    assert.deepEqual(nodesOf(made.settle()[0]!.creates), ['node-01']);
    assert.equal(made.ledger.outdated, 0);
  });
});

describe('with surge', () => {
  test('new pods start beside old ones, maxSurge at a time, and old ones go as new ones serve', () => {
    const made = fleet(target(rolling(0, 2)), manyNodes(5), true);
    const plans = made.settle();
    assert.deepEqual(
      plans.map(({ creates, deletes }) => [nodesOf(creates), nodesOf(deletes)]),
      [
        [['node-00', 'node-01'], []],
        [
          ['node-02', 'node-03'],
          ['node-00', 'node-01'],
        ],
        [['node-04'], ['node-02', 'node-03']],
        [[], ['node-04']],
      ],
    );
    assert.deepEqual(
      revisionsOf(made),
      Array.from({ length: 5 }, () => 'new'),
    );
  });

  test('a new pod that never gets ready stops it, and every old one goes on serving', () => {
    const made = fleet(target(rolling(0, '20%')), manyNodes(10), true);
    for (let round = 0; round < 20; round++) made.step();
    assert.equal(revisionsOf(made).filter((revision) => revision === 'new').length, 2);
    assert.equal(made.ledger.counts.available, 10);
  });

  test('old pods that do not serve are surged at once, outside the limit (…AllOldPodsNotReadyMaxSurge)', () => {
    const made = fleet(target(rolling(0, 1)), manyNodes(10), ({ name }) => [oldOn(name, starting)]);
    const { creates } = made.step();
    assert.equal(creates.length, 10);
    assert.ok(creates.every(({ reason }) => reason === 'surge-unready'));
  });

  test('a revision whose pods always fail stays on as many nodes as maxSurge says', () => {
    const made = fleet(target(rolling(0, 1)), manyNodes(5), true);
    const touched = new Set<string>();
    for (let round = 0; round < 500; round++) {
      for (const name of nodesOf(made.step().creates)) touched.add(name);
      for (const view of made.pods.values()) if (!view.ready) made.put({ ...view, ...failed });
      made.time += 10 * second;
    }
    assert.deepEqual([...touched], ['node-00']);
    assert.equal(made.ledger.counts.available, 5);
  });

  test('on a node that became NoSchedule the old pod goes only when all who should be served are', () => {
    const made = fleet(target(rolling(0, 1)), manyNodes(3), true);
    made.ledger.setNode(node('node-00', { taints: [taint('NoSchedule')] }), now);
    made.put(oldOn('node-01', starting));
    assert.deepEqual(made.ledger.plan().deletes, []);
    made.put(oldOn('node-01'));
    assert.deepEqual(
      made.ledger.plan().deletes.map(({ node, reason }) => [node, reason]),
      [['node-00', 'retired']],
    );
  });
});

test('a ledger that hears of the target last plans the same', () => {
  const late = new Ledger();
  for (const view of manyNodes(4)) {
    late.setNode(view, now);
    late.setPod(oldOn(view.name), now);
  }
  late.retarget(target(rolling(2)), now);
  assert.deepEqual(late.plan(), fleet(target(rolling(2)), manyNodes(4), true).ledger.plan());
});
