// What the ledger knows of what it sent: what is believed, for how long, and what still holds when it had to wait.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failed, node, now, pod, rolling, second, starting, surging, taint, target } from './builders.test-support.ts';
import { fleet, manyNodes } from './fleet.test-support.ts';
import { Ledger } from './ledger.ts';

/** What was sent is believed for 30 s (slot.ts). */
const later = now + 31 * second;

function oneNode(spec = {}) {
  const ledger = new Ledger();
  ledger.retarget(target(spec), now);
  ledger.setNode(node(), now);
  return ledger;
}

describe('what is on its way', () => {
  test('is decided again after 30 s, unless it is known to have happened', () => {
    const [forgotten, remembered] = [oneNode(), oneNode()];
    for (const ledger of [forgotten, remembered]) ledger.sent(ledger.plan().creates[0]!, now);
    const [create] = oneNode().plan().creates;
    assert.ok(remembered.remember(create!, now + 20 * second));
    for (const ledger of [forgotten, remembered]) ledger.advance(later);
    assert.equal(forgotten.plan().creates.length, 1);
    assert.equal(remembered.plan().creates.length, 0);
  });

  test('is not forgotten because something else of its node is remembered or seen: only time makes it', () => {
    const ledger = oneNode(surging);
    ledger.setPod(pod('gone', { ...failed }), now);
    const [removal] = ledger.plan().deletes;
    ledger.sent(removal!, now);
    const [create] = ledger.plan().creates;
    ledger.sent(create!, now);
    assert.ok(ledger.remember(removal!, later));
    ledger.setNode(node('node-1', { labels: { moved: 'yes' } }), later);
    assert.ok(ledger.isRevisionLive(create!.revision));
    assert.ok(ledger.remember(create!, later));
    ledger.advance(later);
    assert.deepEqual(ledger.plan(), { creates: [], deletes: [] });
  });

  test('is believed for as long when the clock is set, back or forth', () => {
    for (const byMs of [-600 * second, 600 * second]) {
      const ledger = oneNode();
      ledger.sent(ledger.plan().creates[0]!, now);
      ledger.clockSet(byMs, now + byMs);
      ledger.advance(now + byMs + 29 * second);
      assert.equal(ledger.plan().creates.length, 0);
      ledger.advance(later + byMs);
      assert.equal(ledger.plan().creates.length, 1);
    }
  });

  test('a back-off counts from when its deletion went out, however long that had to wait', () => {
    const ledger = oneNode();
    ledger.setPod(pod('a', { ...failed }), now);
    const [removal] = ledger.plan().deletes;
    ledger.sent(removal!, now);
    ledger.goesOut(removal!, now + 20 * second);
    ledger.removePod('uid-a', now + 20 * second);
    ledger.setPod(pod('b', { ...failed }), now + 20 * second);
    assert.deepEqual(ledger.plan().deletes, []);
    ledger.advance(now + 21 * second);
    assert.equal(ledger.plan().deletes.length, 1);
  });

  test('is no longer on its way once it was seen', () => {
    const ledger = oneNode();
    const [create] = ledger.plan().creates;
    ledger.sent(create!, now);
    ledger.setPod(pod('new', { name: create!.name }), now);
    assert.equal(ledger.remember(create!, now), false);
  });

  test('a pod that is to go is so still when a late watch shows it released and ours again', () => {
    const ledger = oneNode(rolling(1));
    ledger.setPod(pod('old', { revision: 'old' }), now);
    const [taken] = ledger.plan().deletes;
    ledger.sent(taken!, now);
    ledger.releasePod('uid-old', now);
    assert.ok(ledger.remember(taken!, now + 20 * second));
    ledger.setPod(pod('old', { revision: 'old' }), now + 21 * second);
    assert.equal(ledger.counts.available, 0);
    ledger.removePod('uid-old', now + 22 * second);
    assert.equal(ledger.remember(taken!, now + 23 * second), false);
  });

  test('a pod that is known to go stays gone in the counts while it is not seen to go', () => {
    const made = fleet(target(rolling(1)), manyNodes(3), ({ name }) => [pod(name, { node: name, revision: 'old' })]);
    const [taken] = made.ledger.plan().deletes;
    made.ledger.sent(taken!, now);
    assert.ok(made.ledger.remember(taken!, now + 20 * second));
    made.ledger.advance(later);
    assert.deepEqual(made.ledger.plan().deletes, []);
  });

  test('keeps its revision from being pruned', () => {
    const ledger = oneNode();
    const [create] = ledger.plan().creates;
    assert.equal(ledger.isRevisionLive(create!.revision), false);
    ledger.sent(create!, now);
    assert.equal(ledger.isRevisionLive(create!.revision), true);
    ledger.failed(create!, now);
    assert.equal(ledger.isRevisionLive(create!.revision), false);
  });
});

describe('what had to wait before it could be sent', () => {
  const changes: readonly [string, (ledger: Ledger) => void, boolean][] = [
    ['holds while nothing has changed', () => undefined, true],
    ['falls with its node', (ledger) => ledger.removeNode('node-1', now), false],
    [
      'falls when the node turns away',
      (ledger) => ledger.setNode(node('node-1', { taints: [taint('NoSchedule')] }), now),
      false,
    ],
    ['falls when a pod has come meanwhile', (ledger) => ledger.setPod(pod('other'), now), false],
    ['falls with its template', (ledger) => ledger.retarget({ ...target(), revision: 'newer' }, now), false],
  ];
  for (const [what, change, holds] of changes)
    test(`a create ${what}`, () => {
      const ledger = oneNode();
      const [create] = ledger.plan().creates;
      ledger.sent(create!, now);
      change(ledger);
      assert.equal(ledger.confirms(create!, now), holds);
    });

  test('a surge holds beside the old pod that serves', () => {
    const ledger = oneNode(surging);
    ledger.setPod(pod('old', { revision: 'old' }), now);
    const [create] = ledger.plan().creates;
    ledger.sent(create!, now);
    assert.equal(ledger.confirms(create!, now), true);
  });

  test('a surge falls when the strategy knows none any more', () => {
    const ledger = oneNode(surging);
    ledger.setPod(pod('old', { revision: 'old' }), now);
    const [create] = ledger.plan().creates;
    ledger.sent(create!, now);
    ledger.retarget(target(rolling(1)), now);
    assert.equal(ledger.confirms(create!, now), false);
  });

  const overdrawn = [
    ['a surge', surging],
    ['a replacement', rolling(1)],
  ] as const;
  for (const [what, strategy] of overdrawn)
    test(`${what} falls when its room in the budget has been taken by a longer minReadySeconds`, () => {
      const ledger = oneNode(strategy);
      ledger.setNode(node('node-2'), now);
      ledger.setPod(pod('old', { revision: 'old' }), now);
      ledger.setPod(pod('new', { node: 'node-2', readyChangedAt: now - 1000 }), now);
      const { creates, deletes } = ledger.plan();
      const [action] = [...creates, ...deletes];
      ledger.sent(action!, now);
      assert.equal(ledger.confirms(action!, now), true);
      if (strategy === surging) ledger.setPod(pod('older', { node: 'node-2', revision: 'old' }), now);
      ledger.retarget(target({ ...strategy, minReadySeconds: 30 }), now);
      assert.equal(ledger.confirms(action!, now), false);
    });

  test('a delete falls when the template is that of the pod again', () => {
    const ledger = oneNode(rolling(1));
    ledger.setPod(pod('old', { revision: 'old' }), now);
    const [taken] = ledger.plan().deletes;
    ledger.sent(taken!, now);
    assert.equal(ledger.confirms(taken!, now), true);
    ledger.retarget({ ...target(rolling(1)), revision: 'old', sameRevisions: new Set(['old']) }, now);
    assert.equal(ledger.confirms(taken!, now), false);
  });
});

test('a pod goes only as it was seen when it goes because it does not serve', () => {
  const serving = oneNode(rolling(1));
  serving.setPod(pod('old', { revision: 'old' }), now);
  assert.equal(serving.plan().deletes[0]!.resourceVersion, undefined);
  const useless = oneNode(rolling(1));
  const old = pod('old', { revision: 'old', ...starting });
  useless.setPod(old, now);
  assert.equal(useless.plan().deletes[0]!.resourceVersion, old.resourceVersion);
});
