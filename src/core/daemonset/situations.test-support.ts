// Tables of situations: a slot in words, and what is made of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { node, now, slot, taint } from './builders.test-support.ts';
import { assess } from './assess.ts';
import { type Assessment, type Slot } from './slot.ts';
import type { Target } from './target.ts';
import type { NodeView, PodView } from './views.ts';

export interface Situation {
  readonly why: string;
  /** A Ready node without taints unless given; null when the node is gone. */
  readonly on?: NodeView | null;
  readonly pods?: readonly PodView[];
  readonly slot?: Partial<Slot>;
  readonly state: string;
  /** What is done (`create`, `delete`) and what the budget may do (`replace`, `retire`). */
  readonly does?: readonly string[];
  readonly counts?: string;
}

export const keepsAway = node('node-1', { taints: [taint('NoSchedule')] });
export const drivesOut = node('node-1', { taints: [taint('NoExecute')] });
export const served = 'desired current ready available';

function actionsOf(assessment: Assessment): string[] {
  const { create, removals, replaceable, replaceableIsSettling, retirable } = assessment;
  return [
    ...(create === undefined ? [] : [`create: ${create}`]),
    ...removals.map(({ pod, reason }) => `delete ${pod.name}: ${reason}`),
    ...(replaceable === undefined
      ? []
      : [`may replace ${replaceable.name}${replaceableIsSettling === true ? ', which settles' : ''}`]),
    ...(retirable === undefined ? [] : [`may retire ${retirable.name}`]),
  ];
}

const tallies = ['desired', 'current', 'ready', 'available', 'updated', 'misscheduled', 'blocking', 'surging'] as const;
const countsOf = (assessment: Assessment) => tallies.filter((key) => assessment[key]).join(' ');

/** One test a situation. */
export function table(target: Target, situations: readonly Situation[]): void {
  for (const { why, on = node(), pods = [], slot: changes = {}, state, does = [], counts } of situations)
    test(why, () => {
      const assessment = assess(slot(on ?? undefined, pods, changes), target, now);
      assert.deepEqual({ state: assessment.state, does: actionsOf(assessment) }, { state, does });
      if (counts !== undefined) assert.equal(countsOf(assessment), counts);
    });
}
