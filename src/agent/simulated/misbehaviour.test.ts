import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  type Behaviour,
  behaviourOf,
  isDead,
  parseBehaviour,
  parseMisbehaviourRule,
  RuleError,
} from './misbehaviour.ts';

const readable: readonly (readonly [text: string, behaviour: Behaviour])[] = [
  ['start 5s', { startMs: 5_000 }],
  ['START 300ms, neverready', { startMs: 300, neverReady: true }],
  ['stop 1.5m', { stopMs: 90_000 }],
  ['ImagePullBackOff', { pullFails: true }],
  ['CrashLoopBackOff', { end: { kind: 'crash', afterMs: 1_000 } }],
  ['CrashLoopBackOff after 5s', { end: { kind: 'crash', afterMs: 5_000 } }],
  ['Failed', { end: { kind: 'failed', afterMs: 0 } }],
  ['Succeeded after 1h', { end: { kind: 'succeeded', afterMs: 3_600_000 } }],
  ['Dead', { dead: true }],
];
const unreadable = [
  '',
  'start',
  'start soon',
  'start 5',
  'NeverReady now',
  'Failed in 5s',
  'Failed after',
  'Sleepy',
  'Dead after 5s',
];

describe('a behaviour', () => {
  for (const [text, behaviour] of readable)
    test(`'${text}' is understood`, () => assert.deepEqual(parseBehaviour(text), behaviour));
  for (const text of unreadable)
    test(`'${text}' is refused in one line that says what is allowed`, () =>
      assert.throws(
        () => parseBehaviour(text),
        (error) =>
          error instanceof RuleError && /none of .*NeverReady/.test(error.message) && !error.message.includes('\n'),
      ));
});

const pod = { namespace: 'logs', name: 'agent-x1', nodeName: 'node-2' };
const applies = (rule: string, image = 'quay.io/fluentd:v2') =>
  Object.keys(behaviourOf([parseMisbehaviourRule(rule)], pod, image, undefined)).length > 0;

describe('a rule', () => {
  test('may name images with tags: the colon before the space divides', () => {
    assert.equal(applies('image=*:non-existent: NeverReady', 'registry:5000/a/b:non-existent'), true);
    assert.equal(applies('image=*:non-existent: NeverReady', 'a:1'), false);
  });
  test('needs no space', () => assert.equal(applies('node=node-2:NeverReady'), true));
  test('matches pods by name, or by namespace and name', () => {
    assert.equal(applies('pod=agent-*: NeverReady'), true);
    assert.equal(applies('pod=logs/*: NeverReady'), true);
    assert.equal(applies('pod=other/*: NeverReady'), false);
  });
  test('takes every character of a glob but * and ? literally', () => {
    assert.equal(applies('pod=agent.x1: NeverReady'), false);
    assert.equal(applies('pod=agent?x1: NeverReady'), true);
  });
  for (const text of ['', 'NeverReady', 'colour=red: NeverReady', 'image=: NeverReady', 'image=*', 'image=*: Dead'])
    test(`'${text}' is refused`, () => assert.throws(() => parseMisbehaviourRule(text), RuleError));
  test('never fails with anything but a RuleError', () => {
    const noise = fc.oneof(
      fc.string(),
      fc.string().map((text) => `image=${text}`),
      fc.string().map((text) => `node=a: ${text}`),
    );
    fc.assert(
      fc.property(noise, (text) => {
        try {
          parseMisbehaviourRule(text);
        } catch (error) {
          assert.ok(error instanceof RuleError, String(error));
        }
      }),
    );
  });
});

describe('several rules', () => {
  test('add up; later ones and the annotation win, field by field', () => {
    const rules = ['image=*: start 1s, NeverReady', 'node=node-2: start 2s'].map(parseMisbehaviourRule);
    assert.deepEqual(behaviourOf(rules, pod, 'x', undefined), { startMs: 2_000, neverReady: true });
    assert.deepEqual(behaviourOf(rules, pod, 'x', { startMs: 3_000 }), { startMs: 3_000, neverReady: true });
  });
  test('a node is dead by a rule for nodes or by its own annotation', () => {
    const rules = [parseMisbehaviourRule('node=node-2: Dead')];
    assert.equal(isDead(rules, 'node-2', undefined), true);
    assert.equal(isDead(rules, 'node-1', undefined), false);
    assert.equal(isDead([], 'node-1', { dead: true }), true);
  });
});
