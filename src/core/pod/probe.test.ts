import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Probe } from '../../api/index.ts';
import { afterAnswer, freshProbe, type ProbeAnswer, probeTiming } from './probe.ts';

const results = (probe: Probe, answers: string) => {
  let state = freshProbe;
  return answers.split('').map((letter) => {
    const answer: ProbeAnswer = letter === '+' ? 'success' : 'failure';
    state = afterAnswer(state, probe, answer);
    return state.result === undefined ? '?' : state.result === 'success' ? '+' : '-';
  });
};

for (const [probe, answers, established] of [
  [{}, '+', '+'],
  [{}, '---', '??-'],
  [{}, '+--+---', '++++++-'],
  [{ failureThreshold: 1 }, '-+-', '-+-'],
  [{ successThreshold: 3 }, '++-+++', '?????+'],
] as const)
  test(`answers ${answers} under ${JSON.stringify(probe)} establish ${established}`, () =>
    assert.equal(results(probe, answers).join(''), established));

test('times are those of Kubernetes when the spec is silent', () => {
  assert.deepEqual(probeTiming({}), { initialDelayMs: 0, periodMs: 10_000, timeoutMs: 1_000 });
});
