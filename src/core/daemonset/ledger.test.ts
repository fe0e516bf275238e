import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  failed,
  minute,
  node,
  now,
  onDelete,
  pod,
  rolling,
  second,
  taint,
  target,
  terminating,
} from './builders.test-support.ts';
import { fleet, manyNodes, nodesOf } from './fleet.test-support.ts';
import { Ledger } from './ledger.ts';
import type { CreatePod } from './plan.ts';

describe('one pod on every node', () => {
  test('every node gets one pod, each of its own name (TestSimpleDaemonSetLaunchesPods)', () => {
    const { ledger, step } = fleet(target(), manyNodes(5));
    const { creates, deletes } = step();
    assert.deepEqual(nodesOf(creates), ['node-00', 'node-01', 'node-02', 'node-03', 'node-04']);
    assert.equal(new Set(creates.map(({ name }) => name)).size, 5);
    assert.deepEqual(deletes, []);
    assert.deepEqual({ desired: ledger.counts.desired, current: ledger.counts.current }, { desired: 5, current: 5 });
    assert.deepEqual(step(), { creates: [], deletes: [] });
  });

  test('no nodes, nothing to do (TestNoNodesDoesNothing); no target either', () => {
    assert.deepEqual(fleet(target(), []).step(), { creates: [], deletes: [] });
    const ledger = new Ledger();
    ledger.setNode(node(), now);
    assert.deepEqual(ledger.plan(), { creates: [], deletes: [] });
    assert.equal(ledger.counts.desired, 0);
  });

  test('what is missing is created and what is too much removed, per node (TestDealsWithExistingPods)', () => {
    const counts: Readonly<Record<string, number>> = { 'node-01': 1, 'node-02': 3, 'node-04': 2 };
    const made = fleet(target(), manyNodes(5), ({ name }) =>
      Array.from({ length: counts[name] ?? 0 }, (_, index) => pod(`${name}-${index}`, { node: name })),
    );
    const { creates, deletes } = made.step();
    assert.deepEqual(nodesOf(creates), ['node-00', 'node-03']);
    assert.deepEqual(deletes.map(({ name }) => name).sort(), ['node-02-1', 'node-02-2', 'node-04-1']);
    assert.deepEqual(made.step(), { creates: [], deletes: [] });
  });

  test('a node that joins gets its pod, a node that leaves loses what was never bound', () => {
    const made = fleet(target(onDelete), manyNodes(1), true);
    made.ledger.setNode(node('late'), now);
    assert.deepEqual(nodesOf(made.ledger.plan().creates), ['late']);
    made.put(pod('pending', { node: 'late', bound: false, ready: false }));
    assert.deepEqual(made.ledger.plan().creates, []);
    made.ledger.removeNode('late', now);
    assert.deepEqual(
      made.ledger.plan().deletes.map(({ name, reason }) => [name, reason]),
      [['pending', 'node-gone']],
    );
  });

  test('a NoSchedule taint under a running pod shows in the counts at once, and so does its going', () => {
    const { ledger } = fleet(target(), manyNodes(2), true);
    ledger.setNode(node('node-00', { taints: [taint('NoSchedule')] }), now);
    assert.deepEqual([ledger.counts.desired, ledger.counts.misscheduled], [1, 1]);
    ledger.setNode(node('node-00'), now);
    assert.deepEqual([ledger.counts.desired, ledger.counts.misscheduled], [2, 0]);
  });

  test('a pod that comes to point at another node, or at none, is moved', () => {
    const { ledger } = fleet(target(), manyNodes(2));
    const wanderer = pod('a', { node: 'node-00' });
    ledger.setPod(wanderer, now);
    assert.deepEqual(nodesOf(ledger.plan().creates), ['node-01']);
    ledger.setPod({ ...wanderer, node: 'node-01' }, now);
    assert.deepEqual(nodesOf(ledger.plan().creates), ['node-00']);
    ledger.setPod({ ...wanderer, node: undefined }, now);
    assert.deepEqual(nodesOf(ledger.plan().creates).toSorted(), ['node-00', 'node-01']);
    assert.equal(ledger.isRevisionLive('new'), false);
  });

  test('nothing is kept of what is gone', () => {
    const made = fleet(target(), manyNodes(3), true);
    for (const [uid, view] of made.pods) {
      made.ledger.removeNode(view.node!, now);
      assert.equal(made.ledger.slot(view.node!)?.assessment.state, 'lost');
      made.ledger.removePod(uid, now);
    }
    assert.deepEqual([...made.ledger.slots], []);
    assert.deepEqual(made.ledger.states, new Map());
    assert.equal(made.ledger.counts.current, 0);
  });
});

describe('what was sent', () => {
  const planOne = (ledger: Ledger): CreatePod => {
    const { creates } = ledger.plan();
    assert.equal(creates.length, 1);
    return creates[0]!;
  };

  test('is not sent again until it fails, is seen, or is forgotten', () => {
    const { ledger } = fleet(target(), [node()]);
    const create = planOne(ledger);
    ledger.sent(create, now);
    assert.deepEqual(ledger.plan().creates, []);
    assert.equal(ledger.waitingToCreate, 0);
    ledger.failed(create, now);
    assert.deepEqual(planOne(ledger), create, 'the same decision makes the same name');
    ledger.sent(create, now);
    assert.equal(ledger.dueAt, now + 30 * second);
    ledger.advance(now + 30 * second - 1);
    assert.deepEqual(ledger.plan().creates, []);
    ledger.advance(now + 30 * second);
    assert.deepEqual(planOne(ledger), create);
  });

  test('the pod that appears under the name that was sent ends the waiting; another pod does not', () => {
    const { ledger } = fleet(target(), [node()]);
    const create = planOne(ledger);
    ledger.sent(create, now);
    ledger.setPod(pod('stranger'), now);
    assert.equal(ledger.slot('node-1')?.creating?.name, create.name);
    ledger.setPod(pod(create.name), now);
    assert.equal(ledger.slot('node-1')?.creating, undefined);
  });

  test('a name that somebody else has is not tried twice', () => {
    const { ledger } = fleet(target(), [node()]);
    const create = planOne(ledger);
    ledger.sent(create, now);
    ledger.nameTaken(create, now);
    assert.notEqual(planOne(ledger).name, create.name);
  });

  test('a replacement has another name while its predecessor is still there, finished or not', () => {
    const { ledger } = fleet(target(rolling(0, 1)), [node()]);
    const first = planOne(ledger).name;
    ledger.setPod(pod(first, { ...failed, ...terminating }), now);
    const second = planOne(ledger).name;
    assert.notEqual(second, first);
    ledger.setPod(pod(second, { ...terminating, createdAt: now }), now);
    const third = planOne(ledger).name;
    assert.ok(![first, second].includes(third));
  });

  test('what is known to have happened is remembered longer, until it is seen', () => {
    const { ledger } = fleet(target(), [node()]);
    const create = planOne(ledger);
    ledger.sent(create, now);
    assert.equal(ledger.remember(create, now + 20 * second), true);
    ledger.advance(now + 49 * second);
    assert.deepEqual(ledger.plan().creates, []);
    ledger.setPod(pod(create.name), now + 49 * second);
    assert.equal(ledger.remember(create, now + 49 * second), false);
  });

  test('so is a deletion, until the pod terminates or is gone', () => {
    const { ledger } = fleet(target(), [node()], () => [pod('a'), pod('b')]);
    const deletion = ledger.plan().deletes[0]!;
    ledger.sent(deletion, now);
    assert.equal(ledger.remember(deletion, now + 20 * second), true);
    ledger.advance(now + 49 * second);
    assert.deepEqual(ledger.plan().deletes, []);
    ledger.setPod(pod('b', terminating), now);
    assert.equal(ledger.remember(deletion, now), false);
    ledger.removePod(deletion.uid, now);
    assert.equal(ledger.remember(deletion, now), false);
    assert.equal(ledger.remember({ ...deletion, node: 'nowhere' }, now), false);
  });

  test('a deletion is not sent again until it fails or is forgotten', () => {
    const { ledger } = fleet(target(), [node()], () => [pod('a'), pod('b')]);
    const [deletion] = ledger.plan().deletes;
    ledger.sent(deletion!, now);
    assert.deepEqual(ledger.plan().deletes, []);
    ledger.failed(deletion!, now);
    assert.deepEqual(ledger.plan().deletes, [deletion]);
    ledger.sent(deletion!, now);
    ledger.advance(now + 30 * second);
    assert.deepEqual(ledger.plan().deletes, [deletion]);
  });

  test('a plan keeps to its limits, whatever it would do', () => {
    const made = fleet(target(rolling(5)), manyNodes(9), ({ name }) => {
      const old = { node: name, revision: 'old' };
      if (name < 'node-03') return [];
      if (name < 'node-06') return [pod(`${name}-a`, old), pod(`${name}-b`, old), pod(`${name}-c`, old)];
      return [pod(`${name}-a`, old)];
    });
    for (const createsMax of [0, 1, 2, 3, 9])
      for (const deletesMax of [0, 1, 2, 3, 6, 7, 8]) {
        const { creates, deletes } = made.ledger.plan({ createsMax, deletesMax });
        assert.equal(creates.length, Math.min(createsMax, 3));
        // Six too many, and two of the nodes that serve, since three do not.
        assert.equal(deletes.length, Math.min(deletesMax, 8));
      }
  });
});

describe('failed pods', () => {
  /** Fails every pod at once, `rounds` times, without any time passing. */
  const failing = (maxUnavailable: number, maxSurge: number, rounds: number) => {
    const made = fleet(target(rolling(maxUnavailable, maxSurge)), [node()]);
    let creates = 0;
    for (let round = 0; round < rounds; round++) {
      creates += made.step().creates.length;
      for (const view of made.pods.values()) made.put({ ...view, ...failed });
    }
    return { made, creates };
  };

  test('a pod that always fails is not made again and again: 20 rounds in no time make two', () => {
    assert.equal(failing(1, 0, 20).creates, 2);
  });

  test('nor with surge, where upstream makes 20', () => {
    assert.equal(failing(0, 1, 20).creates, 2);
  });

  test('the next one comes when the back-off is over', () => {
    const { made } = failing(1, 0, 20);
    assert.equal(made.ledger.dueAt, now + second);
    made.time = now + second;
    assert.equal(made.step().deletes[0]?.reason, 'failed');
    assert.equal(made.step().creates.length, 1);
  });

  test('a new generation forgets the back-off: the user may have mended what failed', () => {
    const { made } = failing(1, 0, 20);
    made.ledger.retarget({ ...target(), generation: 1 }, now);
    assert.deepEqual(made.step().deletes, []);
    made.ledger.retarget({ ...target(), generation: 2 }, now);
    assert.equal(made.step().deletes.length, 1);
  });

  test('a node that went and came back begins without back-off', () => {
    const { made } = failing(1, 0, 20);
    made.ledger.removeNode('node-1', now);
    made.ledger.setNode(node(), now);
    assert.equal(made.step().deletes.length, 1);
  });

  test('several failed pods of a node take one step of back-off together', () => {
    const made = fleet(target(), [node()], () => [pod('a', failed), pod('b', failed)]);
    assert.equal(made.step().deletes.length, 2);
    assert.equal(made.ledger.slot('node-1')?.backoff?.delayMs, second);
  });
});

describe('time', () => {
  test('a pod becomes available by time alone, when dueAt says', () => {
    const { ledger } = fleet(target({ minReadySeconds: 60 }), [node()], () => [
      pod('a', { readyChangedAt: now - second }),
    ]);
    assert.deepEqual([ledger.counts.ready, ledger.counts.available], [1, 0]);
    assert.equal(ledger.dueAt, now + 59 * second);
    ledger.advance(now + 59 * second - 1);
    assert.equal(ledger.counts.available, 0);
    ledger.advance(now + 59 * second);
    assert.equal(ledger.counts.available, 1);
    assert.equal(ledger.dueAt, undefined);
  });

  test('a pod that loses its readiness in between is not waited for', () => {
    const { ledger } = fleet(target({ minReadySeconds: 60 }), [node()], () => [
      pod('a', { readyChangedAt: now - second }),
    ]);
    ledger.setPod(pod('a', { ready: false, readyChangedAt: now }), now);
    assert.equal(ledger.dueAt, undefined);
    ledger.advance(now + minute);
    assert.equal(ledger.counts.available, 0);
  });
});

describe('revisions', () => {
  test('a revision lives while any pod carries it, finished and terminating ones included', () => {
    const { ledger } = fleet(target(), [node()]);
    ledger.setPod(pod('a', { ...failed, ...terminating, revision: 'old' }), now);
    assert.equal(ledger.isRevisionLive('old'), true);
    ledger.setPod(pod('a', { ...failed, ...terminating, revision: 'new' }), now);
    assert.deepEqual([ledger.isRevisionLive('old'), ledger.isRevisionLive('new')], [false, true]);
    ledger.removePod('uid-a', now);
    assert.equal(ledger.isRevisionLive('new'), false);
  });

  test('a revision lives while a pod of it is on its way', () => {
    const { ledger } = fleet(target(), [node()]);
    const [create] = ledger.plan().creates;
    ledger.sent(create!, now);
    assert.equal(ledger.isRevisionLive('new'), true);
    ledger.failed(create!, now);
    assert.equal(ledger.isRevisionLive('new'), false);
  });

  test('OnDelete: a pod that somebody deletes comes back from the newest template, the others stay', () => {
    const made = fleet(target(onDelete), manyNodes(3), true);
    assert.deepEqual(made.step(), { creates: [], deletes: [] });
    made.drop(made.on('node-01')[0]!);
    assert.deepEqual(
      made.step().creates.map(({ node, revision }) => [node, revision]),
      [['node-01', 'new']],
    );
    assert.deepEqual(made.step(), { creates: [], deletes: [] });
  });
});
