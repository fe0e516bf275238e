import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RolloutPolicyStatus } from '../../../api/index.ts';
import { newsOf } from './news.ts';

const waves = ['canary', 'rest'].map((name) => ({ name, nodes: 1, updated: 0, available: 1 }));
const rolling: RolloutPolicyStatus = {
  revision: 'new',
  provenRevision: 'old',
  phase: 'RollingOut',
  openWaves: 1,
  waves,
  message: 'why',
};
const complete: RolloutPolicyStatus = { ...rolling, provenRevision: 'new', phase: 'Complete', openWaves: 2 };
const { provenRevision: _, ...launching } = complete;

const opened = 'Normal WaveOpened: wave canary is open for revision new';
const proven = 'Normal RolloutProven: revision new is proven';

describe('what is told of a stage', () => {
  const rows: readonly (readonly [
    why: string,
    before: RolloutPolicyStatus | undefined,
    next: RolloutPolicyStatus,
    told: readonly string[],
  ])[] = [
    ['a launch', undefined, { ...launching, phase: 'Launching' }, []],
    ['a launch is done', launching, complete, [proven]],
    ['a policy comes to a DaemonSet that is everywhere', undefined, complete, [proven]],
    ['a policy comes in mid-rollout', undefined, rolling, [opened]],
    ['a new template', { ...complete, revision: 'old', provenRevision: 'old' }, rolling, [opened]],
    ['numbers', rolling, { ...rolling, settledMost: 1 }, []],
    ['a soak', rolling, { ...rolling, phase: 'Soaking' }, []],
    ['the next wave', rolling, { ...rolling, openWaves: 2 }, ['Normal WaveOpened: wave rest is open for revision new']],
    ['the end', { ...rolling, openWaves: 2 }, complete, [proven]],
    ['it is bad', rolling, { ...rolling, phase: 'Held' }, ['Warning RolloutHeld: why']],
    ['it is still bad', { ...rolling, phase: 'Held' }, { ...rolling, phase: 'Held', message: 'more' }, []],
    ['it goes back', rolling, { ...rolling, phase: 'RolledBack' }, ['Warning RolloutRolledBack: why']],
    [
      'undone: the proven one is the newest again',
      { ...rolling, revision: 'newer' },
      { ...complete, provenRevision: 'old', revision: 'old' },
      [],
    ],
  ];
  for (const [why, before, next, told] of rows)
    test(why, () =>
      assert.deepEqual(
        newsOf(before, next).map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
        told,
      ),
    );
});
