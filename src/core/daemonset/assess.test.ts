// What becomes of a slot whose pods are of the right revision. (Old and new pods: slot-update.test.ts)
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  failed,
  minute,
  node,
  now,
  pod,
  second,
  slot,
  starting,
  succeeded,
  target,
  terminating,
} from './builders.test-support.ts';
import { drivesOut, keepsAway, served, table } from './situations.test-support.ts';
import { assess } from './assess.ts';

describe('the three cases of every DaemonSet', () => {
  table(target(), [
    { why: 'none → create', state: 'absent', does: ['create: missing'], counts: 'desired blocking' },
    { why: 'exactly one → leave it', pods: [pod('a')], state: 'current', counts: `${served} updated` },
    {
      why: 'more than one → the older stays',
      pods: [
        pod('b', { createdAt: now - minute }),
        pod('a', { createdAt: now }),
        pod('c', { createdAt: now - 2 * minute }),
      ],
      state: 'excess',
      does: ['delete b: excess', 'delete a: excess'],
      counts: `${served} updated`,
    },
    {
      why: 'more than one, equally old → the first by name stays',
      pods: [pod('b'), pod('a')],
      state: 'excess',
      does: ['delete b: excess'],
    },
    {
      why: 'more than one → a bound one stays, though it is younger',
      pods: [pod('a', { ...starting, bound: false }), pod('b', { ...starting, createdAt: now })],
      state: 'excess',
      does: ['delete a: excess'],
    },
    {
      why: 'more than one → the one that serves stays, though it is younger (upstream does not ask)',
      pods: [pod('a', starting), pod('b', { createdAt: now })],
      state: 'excess',
      does: ['delete a: excess'],
      counts: `${served} updated`,
    },
  ]);
});

describe('a pod on its way', () => {
  table(target({ minReadySeconds: 30 }), [
    {
      why: 'of two that are ready the one that is available stays, though it is younger',
      pods: [pod('a', { readyChangedAt: now - second }), pod('b', { createdAt: now - minute })],
      state: 'excess',
      does: ['delete a: excess'],
      counts: `${served} updated`,
    },
    { why: 'not ready yet', pods: [pod('a', starting)], state: 'starting', counts: 'desired current updated blocking' },
    {
      why: 'ready, not yet for minReadySeconds',
      pods: [pod('a', { readyChangedAt: now - 10 * second })],
      state: 'settling',
      counts: 'desired current ready updated blocking',
    },
    { why: 'ready for minReadySeconds', pods: [pod('a')], state: 'current', counts: `${served} updated` },
    {
      why: 'a phase nobody can tell (Unknown) is a running pod',
      pods: [pod('a', { phase: 'Unknown', ready: false })],
      state: 'starting',
    },
  ]);
  test('what settles is looked at again when it will be available, and not before', () => {
    const { reviewAt } = assess(
      slot(node(), [pod('a', { readyChangedAt: now - 10 * second })]),
      target({ minReadySeconds: 30 }),
      now,
    );
    assert.equal(reviewAt, now + 20 * second);
    assert.equal(assess(slot(node(), [pod('a')]), target({ minReadySeconds: 30 }), now).reviewAt, undefined);
  });
});

describe('terminating pods', () => {
  table(target(), [
    {
      why: 'a replacement waits for the old pod to be gone (TestDaemonSetRespectsTermination)',
      pods: [pod('a', terminating)],
      state: 'leaving',
      counts: 'desired current blocking',
    },
    {
      why: 'a terminating pod is not counted ready, though it still says so',
      pods: [pod('a', { ...terminating, ready: true })],
      state: 'leaving',
      counts: 'desired current blocking',
    },
    {
      why: 'finished and terminating is as good as gone: a finalizer does not hold the replacement',
      pods: [pod('a', { ...failed, ...terminating })],
      state: 'absent',
      does: ['create: missing'],
      counts: 'desired blocking',
    },
    {
      why: 'a terminating pod beside a live one is nobody’s excess',
      pods: [pod('a', terminating), pod('b')],
      state: 'current',
      counts: `${served} updated`,
    },
  ]);
});

describe('finished pods', () => {
  table(target(), [
    {
      why: 'a failed pod goes at once the first time; its replacement waits until it is gone',
      pods: [pod('a', failed)],
      state: 'failing',
      does: ['delete a: failed'],
      counts: 'desired current blocking',
    },
    {
      why: 'a succeeded pod goes likewise',
      pods: [pod('a', succeeded)],
      state: 'failing',
      does: ['delete a: succeeded'],
    },
    {
      why: 'in back-off a failed pod stays, and nothing is created',
      pods: [pod('a', failed)],
      slot: { backoff: { delayMs: 10 * second, since: now - second } },
      state: 'failing',
    },
    {
      why: 'a succeeded pod backs off too (upstream does not)',
      pods: [pod('a', succeeded)],
      slot: { backoff: { delayMs: 10 * second, since: now - second } },
      state: 'failing',
    },
    {
      why: 'back-off over',
      pods: [pod('a', failed)],
      slot: { backoff: { delayMs: 10 * second, since: now - 10 * second } },
      state: 'failing',
      does: ['delete a: failed'],
    },
    {
      why: 'several failed pods of a node go together',
      pods: [pod('b', failed), pod('c', succeeded), pod('a', failed)],
      state: 'failing',
      does: ['delete a: failed', 'delete b: failed', 'delete c: succeeded'],
    },
    {
      why: 'a failed pod beside a running one goes, the running one stays',
      pods: [pod('a', failed), pod('b')],
      state: 'current',
      does: ['delete a: failed'],
      counts: `${served} updated`,
    },
  ]);
  test('a pod in back-off is looked at again when the back-off is over', () => {
    const waiting = slot(node(), [pod('a', failed)], { backoff: { delayMs: 10 * second, since: now - second } });
    assert.equal(assess(waiting, target(), now).reviewAt, now + 9 * second);
  });
});

describe('nodes that do not qualify', () => {
  table(target(), [
    { why: 'no pod, none wanted', on: drivesOut, state: 'idle', counts: '' },
    {
      why: 'NoExecute: every pod goes, finished ones without back-off',
      on: drivesOut,
      pods: [pod('a'), pod('b', failed), pod('c', terminating)],
      slot: { backoff: { delayMs: minute, since: now } },
      state: 'unwanted',
      does: ['delete a: unwanted', 'delete b: unwanted'],
      counts: 'misscheduled',
    },
    {
      why: 'the last pod leaves',
      on: drivesOut,
      pods: [pod('a', terminating)],
      state: 'unwanted',
      counts: 'misscheduled',
    },
    { why: 'NoSchedule: nothing is created', on: keepsAway, state: 'idle', counts: '' },
    {
      why: 'NoSchedule: the pod that is there stays and is counted misscheduled',
      on: keepsAway,
      pods: [pod('a')],
      state: 'misscheduled',
      counts: 'misscheduled',
    },
    {
      why: 'NoSchedule: one at most stays',
      on: keepsAway,
      pods: [pod('a'), pod('b')],
      state: 'misscheduled',
      does: ['delete b: excess'],
    },
    {
      why: 'NoSchedule: an outdated pod goes with the rollout',
      on: keepsAway,
      pods: [pod('a', { revision: 'old' })],
      state: 'misscheduled',
      does: ['may retire a'],
    },
    {
      why: 'NoSchedule: a failed pod goes',
      on: keepsAway,
      pods: [pod('a', failed)],
      state: 'misscheduled',
      does: ['delete a: failed'],
    },
    { why: 'the node is gone and so are its pods', on: null, state: 'idle', counts: '' },
    {
      why: 'the node is gone: bound pods are left to the pod garbage collector',
      on: null,
      pods: [pod('a'), pod('b', terminating)],
      state: 'lost',
      counts: '',
    },
    {
      why: 'the node is gone: what was never bound goes (TestDeleteUnscheduledPodForNotExistingNode)',
      on: null,
      pods: [pod('a', { ...starting, phase: 'Pending', bound: false })],
      state: 'lost',
      does: ['delete a: node-gone'],
    },
  ]);
});
