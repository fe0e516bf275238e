// What becomes of a slot during a rollout: outdated pods, surges, what is under way, and who is to blame.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deadNode,
  failed,
  minute,
  node,
  now,
  onDelete,
  pod,
  second,
  slot,
  starting,
  surging,
  taint,
  target,
  terminating,
} from './builders.test-support.ts';
import { keepsAway, served, table } from './situations.test-support.ts';
import { assess } from './assess.ts';
import { type Slot } from './slot.ts';
import type { PodView } from './views.ts';

const sentCreate = (reason: 'missing' | 'surge' | 'surge-unready'): Partial<Slot> => ({
  creating: { name: 'x', revision: 'new', reason, sentAt: now - second },
});
const sentDelete = (...names: string[]): Partial<Slot> => ({
  deleting: new Map(names.map((name) => [`uid-${name}`, now - second])),
});

describe('an outdated pod, without surge', () => {
  const old = { revision: 'old' };
  table(target({ minReadySeconds: 30 }), [
    {
      why: 'one that serves may be replaced as the budget allows',
      pods: [pod('a', old)],
      state: 'outdated',
      does: ['may replace a'],
      counts: served,
    },
    {
      why: 'one that is ready but young may be replaced, and counts as unavailable meanwhile',
      pods: [pod('a', { ...old, readyChangedAt: now - second })],
      state: 'outdated',
      does: ['may replace a, which settles'],
      counts: 'desired current ready blocking',
    },
    {
      why: 'one that is not ready goes at once: nothing is lost',
      pods: [pod('a', { ...old, ...starting })],
      state: 'outdated',
      does: ['delete a: outdated-unready'],
      counts: 'desired current blocking',
    },
    {
      why: 'a pod without the revision label is outdated',
      pods: [pod('a', { labels: { app: 'daemon', 'pod-template-generation': '1' } })],
      state: 'outdated',
      does: ['may replace a'],
    },
    {
      why: 'of old and new side by side (left over from a surge) the older stays: revision plays no part',
      pods: [pod('a', old), pod('b', { createdAt: now - minute })],
      state: 'excess',
      does: ['delete b: excess', 'may replace a'],
    },
    {
      why: 'of an old one that does not serve and a new one that does, the new one stays',
      pods: [pod('a', { ...old, ready: false }), pod('b', { createdAt: now - minute })],
      state: 'excess',
      does: ['delete a: excess'],
      counts: `${served} updated`,
    },
  ]);
  table(target(onDelete), [
    { why: 'OnDelete: it stays until somebody deletes it', pods: [pod('a', old)], state: 'outdated', counts: served },
    { why: 'OnDelete: also when it is not ready', pods: [pod('a', { ...old, ...starting })], state: 'outdated' },
    { why: 'OnDelete: a missing pod is still created', state: 'absent', does: ['create: missing'] },
    { why: 'OnDelete: a misscheduled outdated one stays', on: keepsAway, pods: [pod('a', old)], state: 'misscheduled' },
  ]);
  const down = node('node-1', {
    ready: false,
    readyChangedAt: now - minute,
    taints: [taint('NoSchedule', 'node.kubernetes.io/unreachable')],
  });
  const stopped = { ready: false, readyChangedAt: now - minute };
  table(target(), [
    {
      why: 'a node that is down is expected back: its outdated pod waits for it',
      on: down,
      pods: [pod('a', { ...old, ...stopped })],
      state: 'misscheduled',
      counts: 'misscheduled',
    },
    {
      why: 'a node that went down after it got the new revision counts against the budget',
      on: down,
      pods: [pod('a', { ...stopped, createdAt: now - 2 * minute, startedAt: now - 2 * minute })],
      state: 'misscheduled',
      counts: 'misscheduled blocking',
    },
    {
      why: 'a node that was down before the new revision came does not',
      on: node('node-1', { ...down, readyChangedAt: now - 30 * minute }),
      pods: [pod('a', { ready: false, createdAt: now - 2 * minute, startedAt: now - minute })],
      state: 'misscheduled',
      counts: 'misscheduled',
    },
  ]);
  test('a revision that means the same template as the wanted one is not outdated', () => {
    const same = { ...target(), sameRevisions: new Set(['new', 'twin']) };
    const assessment = assess(slot(node(), [pod('a', { revision: 'twin' })]), same, now);
    assert.equal(assessment.state, 'current');
    assert.equal(assessment.updated, true);
  });
});

describe('old and new side by side, with surge', () => {
  const old = pod('old', { revision: 'old' });
  const fresh = (changes: Partial<PodView> = {}) => pod('new', { createdAt: now - minute, ...changes });
  table(target({ ...surging, minReadySeconds: 30 }), [
    {
      why: 'one old that serves may get a new one beside it',
      pods: [old],
      state: 'outdated',
      does: ['may replace old'],
      counts: served,
    },
    {
      why: 'one old that does not serve gets a new one at once, outside the surge',
      pods: [{ ...old, ready: false }],
      state: 'outdated',
      does: ['create: surge-unready'],
      counts: 'desired current blocking',
    },
    {
      why: 'the new one starts: the old one stays (TestDaemonSetSurgePreservesReadyOldPods)',
      pods: [old, fresh(starting)],
      state: 'surging',
      counts: `${served} surging`,
    },
    {
      why: 'the new one is ready, not yet for minReadySeconds: the old one stays',
      pods: [old, fresh({ readyChangedAt: now - second })],
      state: 'surging',
      counts: `${served} surging`,
    },
    {
      why: 'the new one is available: the old one goes',
      pods: [old, fresh()],
      state: 'surging',
      does: ['delete old: superseded'],
      counts: `${served} updated`,
    },
    {
      why: 'the old one stops serving: it goes (TestDaemonSetSurgeDeletesUnreadyOldPods)',
      pods: [{ ...old, ready: false }, fresh(starting)],
      state: 'surging',
      does: ['delete old: outdated-unready'],
    },
    {
      why: 'a third goes: one old and one new stay',
      pods: [old, fresh(starting), pod('new-2', { ...starting, createdAt: now })],
      state: 'excess',
      does: ['delete new-2: excess'],
    },
    {
      why: 'of two old ones the one that serves stays, and nothing is started while there are two',
      pods: [pod('old-1', { revision: 'old', ready: false }), pod('old-2', { revision: 'older' })],
      state: 'excess',
      does: ['delete old-1: excess'],
      counts: served,
    },
    {
      why: 'nothing is started beside two pods, though the deletion of one was sent',
      pods: [old, pod('older', { revision: 'older' })],
      slot: sentDelete('older'),
      state: 'outdated',
    },
    {
      why: 'a terminating pod does not stand in the way of a new one',
      pods: [pod('a', terminating)],
      state: 'leaving',
      does: ['create: missing'],
    },
    {
      why: 'two that may still run though their deletion was sent do: a third must not join them',
      pods: [pod('a'), pod('b', { revision: 'old' })],
      slot: sentDelete('a', 'b'),
      state: 'leaving',
    },
    {
      why: 'nor two that never served: each counts until it is seen to terminate',
      pods: [pod('a', starting), pod('b', { ...starting, revision: 'old' })],
      slot: sentDelete('a', 'b'),
      state: 'leaving',
    },
    {
      why: 'nor does a terminating pod beside the old one',
      pods: [old, pod('a', terminating)],
      state: 'outdated',
      does: ['may replace old'],
    },
    {
      why: 'the new one failed: its back-off holds up the next one, and it keeps its place in the surge',
      pods: [old, fresh(failed)],
      slot: { backoff: { delayMs: minute, since: now } },
      state: 'outdated',
      counts: `${served} surging`,
    },
    {
      why: 'a failed pod alone: its back-off holds up the next one too (upstream does not)',
      pods: [fresh(failed)],
      slot: { backoff: { delayMs: minute, since: now } },
      state: 'failing',
    },
    {
      why: 'a new one that a dead node never started takes no place in the surge',
      on: deadNode('node-1', now - 2 * minute),
      pods: [old, fresh({ ...starting, startedAt: undefined })],
      state: 'surging',
      counts: served,
    },
    {
      why: 'a new one that did start before the node died does',
      on: deadNode('node-1', now - second),
      pods: [old, fresh(starting)],
      state: 'surging',
      counts: `${served} surging`,
    },
  ]);
});

describe('what was sent and not seen yet', () => {
  table(target(), [
    {
      why: 'a create that is under way is not sent again',
      slot: sentCreate('missing'),
      state: 'absent',
      counts: 'desired blocking',
    },
    {
      why: 'a pod whose deletion was sent is leaving',
      pods: [pod('a')],
      slot: sentDelete('a'),
      state: 'leaving',
      counts: 'desired current blocking',
    },
    {
      why: 'a failed pod whose deletion was sent is not deleted again, and still stands in the way',
      pods: [pod('a', failed)],
      slot: sentDelete('a'),
      state: 'leaving',
    },
  ]);
  table(target(surging), [
    {
      why: 'a surge that is under way takes a place in the surge',
      pods: [pod('a', { revision: 'old' })],
      slot: sentCreate('surge'),
      state: 'outdated',
      counts: `${served} surging`,
    },
    {
      why: 'one outside the surge limit does not',
      pods: [pod('a', { revision: 'old', ready: false })],
      slot: sentCreate('surge-unready'),
      state: 'outdated',
      counts: 'desired current blocking',
    },
    {
      why: 'a pod that serves and whose deletion was only sent may serve on: nothing is put beside it',
      pods: [pod('a', { revision: 'old' })],
      slot: sentDelete('a'),
      state: 'leaving',
      counts: 'desired current blocking',
    },
    {
      why: 'nor beside one that does not: the deletion may be lost, and the pod turn ready',
      pods: [pod('a', starting)],
      slot: sentDelete('a'),
      state: 'leaving',
      counts: 'desired current blocking',
    },
    {
      why: 'a finished one whose deletion was sent will not run again: it makes room',
      pods: [pod('a', failed)],
      slot: sentDelete('a'),
      state: 'leaving',
      does: ['create: missing'],
      counts: 'desired current blocking',
    },
    {
      why: 'seen terminating it makes room',
      pods: [pod('a', { revision: 'old', ...terminating })],
      slot: sentDelete('a'),
      state: 'leaving',
      does: ['create: missing'],
      counts: 'desired current blocking',
    },
  ]);
  test('it is looked at again when it is no longer believed', () => {
    const creating = slot(node(), [], {
      creating: { name: 'x', revision: 'new', reason: 'missing', sentAt: now - second },
    });
    assert.equal(assess(creating, target(), now).reviewAt, now + 29 * second);
    const deleting = slot(node(), [pod('a'), pod('b')], {
      deleting: new Map([
        ['uid-a', now - second],
        ['uid-b', now - 5 * second],
      ]),
    });
    assert.equal(assess(deleting, target(), now).reviewAt, now + 25 * second);
    const seen = slot(node(), [pod('a', terminating)], { deleting: new Map([['uid-a', now - second]]) });
    assert.equal(assess(seen, target(), now).reviewAt, undefined);
  });
});

describe('who is to blame for an unavailable node', () => {
  const rolledOutAt = now - 5 * minute;
  table(target(), [
    {
      why: 'a node that was dead before it got the new revision holds nothing up',
      on: deadNode('node-1', rolledOutAt - 10 * minute),
      pods: [pod('a', { ...starting, createdAt: rolledOutAt })],
      state: 'starting',
      counts: 'desired current updated',
    },
    {
      why: 'a node that died after it got the new revision does',
      on: deadNode('node-1', now - minute),
      pods: [pod('a', { ready: false, createdAt: rolledOutAt })],
      state: 'starting',
      counts: 'desired current updated blocking',
    },
    {
      why: 'also when the new pod failed on the way down',
      on: deadNode('node-1', now - minute),
      pods: [pod('a', { ...failed, createdAt: rolledOutAt })],
      slot: { backoff: { delayMs: minute, since: now } },
      state: 'failing',
      counts: 'desired current blocking',
    },
    {
      why: 'a pod stuck terminating on a node that was dead holds nothing up',
      on: deadNode('node-1', now - 10 * minute),
      pods: [pod('a', { revision: 'old', ...terminating })],
      state: 'leaving',
      counts: 'desired current',
    },
    {
      why: 'a node whose pod turned ready after it went down is back, though its own news are late: it is touched by us',
      on: deadNode('node-1', now - 10 * minute),
      pods: [pod('a', { revision: 'old', ...terminating })],
      slot: { aliveAt: now - 9 * minute },
      state: 'leaving',
      counts: 'desired current blocking',
    },
  ]);
});
