import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutPolicyStatus } from '../../../api/index.ts';
import { daemonSet, node, now, onDelete, pod, rolling, slot, starting, taint } from '../builders.test-support.ts';
import { assess } from '../assess.ts';
import { compilePlacement } from '../placement.ts';
import { compileTarget, isRolling, placementOn, wantedRevision } from '../target.ts';
import { compileGate, type GateBasis, rankOf } from './gate.ts';
import { rolloutPolicy } from './policies.test-support.ts';
import { readPolicy } from './policy-view.ts';

const canary = { name: 'canary', nodeSelector: { matchLabels: { pool: 'canary' } } };
const inCanary = node('c', { labels: { pool: 'canary' } });
const inRest = node('r');
const rolledOut: RolloutPolicyStatus = {
  observedGeneration: 1,
  daemonSetUID: 'uid-daemon',
  revision: 'new',
  provenRevision: 'old',
  phase: 'RollingOut',
  openWaves: 1,
  waves: [
    { name: 'canary', nodes: 1, updated: 0, available: 1 },
    { name: 'rest', nodes: 1, updated: 0, available: 1 },
  ],
};

const { provenRevision: _, ...unproven } = rolledOut;

function gate(status: Partial<RolloutPolicyStatus> | undefined, changes: Partial<GateBasis> = {}, paused = false) {
  return compileGate({
    policy: readPolicy(rolloutPolicy({ waves: [canary], paused })),
    status: status === undefined || status === unproven ? status : { ...rolledOut, ...status },
    daemonSetUid: 'uid-daemon',
    revision: 'new',
    sameRevisions: new Set(['new', 'twin']),
    placementOf: () => compilePlacement({ containers: [] }),
    ...changes,
  });
}

describe('what a node may have', () => {
  const proven = { provenRevision: 'new' };
  const noRevision = { placementOf: () => undefined };
  /** Of a node in the open wave, and of one beyond it: stance, and what a missing pod is made of. */
  const rows: readonly (readonly [what: string, gate: ReturnType<typeof gate>, inOpenWave: string, beyond: string])[] =
    [
      ['open wave and beyond', gate({}), 'go new', 'hold old'],
      ['all waves open', gate({ openWaves: 2 }), 'go new', 'go new'],
      ['paused', gate({}, {}, true), 'pause old', 'pause old'],
      ['paused, though the newest is proven', gate(proven, {}, true), 'pause new', 'pause new'],
      ['paused, and nothing proven', gate(unproven, {}, true), 'pause new', 'pause new'],
      ['a policy that cannot be read', gate({}, { policy: { problem: 'bad' } }), 'pause old', 'pause old'],
      ['a revision that has not begun', gate({ revision: 'older' }), 'pause old', 'pause old'],
      ['… though it is the proven one', gate({ revision: 'older', ...proven }), 'pause new', 'pause new'],
      ['a revision that means the same has begun', gate({ revision: 'twin' }), 'go new', 'hold old'],
      ['an edit that is not acknowledged', gate({ observedGeneration: 0 }), 'pause old', 'pause old'],
      ['no status', gate(undefined), 'pause nothing', 'pause nothing'],
      [
        'the status of another DaemonSet of the name',
        gate({ daemonSetUID: 'other' }),
        'pause nothing',
        'pause nothing',
      ],
      ['nothing proven', gate(unproven), 'go new', 'go new'],
      ['the newest is proven', gate(proven), 'go new', 'go new'],
      ['one that means the same is proven', gate({ provenRevision: 'twin' }), 'go new', 'go new'],
      ['held', gate({ phase: 'Held' }), 'hold old', 'hold old'],
      ['rolled back', gate({ phase: 'RolledBack' }), 'back old', 'back old'],
      ['the proven revision is gone', gate({}, noRevision), 'go new', 'hold nothing'],
      [
        'rolled back, and the proven revision is gone',
        gate({ phase: 'RolledBack' }, noRevision),
        'hold nothing',
        'hold nothing',
      ],
    ];
  for (const [what, given, inOpenWave, beyond] of rows)
    it(what, () => {
      const target = compileTarget(daemonSet(), 'new', ['twin'], given);
      const found = [inCanary, inRest].map(
        (one) => `${given.stanceOn(one)} ${wantedRevision(target, one) ?? 'nothing'}`,
      );
      assert.deepEqual(found, [inOpenWave, beyond]);
      const stances = found.map((text) => text.split(' ')[0]);
      assert.deepEqual(
        [inCanary, inRest].map((one) => isRolling(target, one)),
        stances.map((stance) => stance === 'go' || stance === 'back'),
      );
    });

  it('a limited wave takes the nodes up to its rank, whoever comes later', () => {
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`).toSorted((a, b) => rankOf(a) - rankOf(b));
    const rankMax = rankOf(names[9]!);
    const waves = [{ name: 'few', nodes: 10 }];
    const few = gate(
      { waves: [{ name: 'few', nodes: 10, updated: 0, available: 10, rankMax }] },
      { policy: readPolicy(rolloutPolicy({ waves })) },
    );
    assert.deepEqual(
      names.filter((name) => few.waveOf(node(name)) === 0),
      names.slice(0, 10),
    );
  });

  it('is the same for equal keys only', () => {
    const keys = [gate({}), gate({ openWaves: 2 }), gate({ phase: 'Held' }), gate({ provenRevision: 'older' })];
    assert.equal(gate({ message: 'x', settledMost: 7 }).key, gate({}).key);
    assert.equal(new Set(keys.map(({ key }) => key)).size, keys.length);
  });
});

describe('where a held node runs its pod', () => {
  const fast = daemonSet({}, { nodeSelector: { fast: 'yes' } });
  const onFast = node('f', { labels: { fast: 'yes' } });

  it('goes by the proven template', () => {
    const target = compileTarget(fast, 'new', [], gate({ openWaves: 0 }));
    assert.deepEqual(placementOn(target, inRest).run, true);
    const proven = () => compilePlacement({ containers: [], nodeSelector: { slow: 'yes' } });
    const other = compileTarget(fast, 'new', [], gate({ openWaves: 0 }, { placementOf: proven }));
    assert.equal(placementOn(other, onFast).run, false);
    assert.equal(placementOn(other, onFast).stay, true, 'what the newest template brought there stays');
    const back = compileTarget(fast, 'new', [], gate({ phase: 'RolledBack' }, { placementOf: proven }));
    assert.equal(placementOn(back, onFast).stay, false);
  });

  it('is where it is, when the proven revision does not exist any more, but for a taint', () => {
    const target = compileTarget(fast, 'new', [], gate({ openWaves: 0 }, { placementOf: () => undefined }));
    assert.deepEqual([placementOn(target, inRest).run, placementOn(target, inRest).stay], [false, true]);
    const tainted = node('t', { labels: { fast: 'yes' }, taints: [taint('NoExecute')] });
    assert.equal(placementOn(target, tainted).stay, false);
  });

  it('goes by the newest one in an open wave', () => {
    const target = compileTarget(fast, 'new', [], gate({}));
    assert.equal(placementOn(target, inCanary).run, false);
  });
});

describe('a held node', () => {
  const held = (strategy: typeof onDelete) => compileTarget(daemonSet(strategy), 'new', [], gate({ openWaves: 0 }));

  const strategies = [rolling(1, 0), rolling(0, 1), onDelete];
  const onIt = (revision: string, ready: boolean, target: ReturnType<typeof held>) => {
    const one = pod('p', { node: 'r', revision, ...(ready ? {} : starting) });
    const { create, removals, replaceable } = assess(slot(inRest, [one]), target, now);
    return { create, removals: removals.map(({ reason }) => reason), replaceable };
  };
  const nothing = { create: undefined, removals: [], replaceable: undefined };

  it('keeps the pod it has, of whatever revision, as long as it serves', () => {
    for (const revision of ['new', 'old', 'older'])
      for (const strategy of strategies) assert.deepEqual(onIt(revision, true, held(strategy)), nothing);
  });

  it('keeps one that does not serve too, when it is of the proven or of the newest revision', () => {
    for (const revision of ['new', 'old'])
      for (const strategy of strategies) assert.deepEqual(onIt(revision, false, held(strategy)), nothing);
  });

  it('goes back from one that does not serve and is neither: it would use up the budget for good', () => {
    const found = strategies.map((strategy) => onIt('older', false, held(strategy)).removals.join());
    assert.deepEqual(found, ['outdated-unready', 'outdated-unready', '']);
  });

  it('keeps any while it is paused', () => {
    for (const strategy of strategies) {
      const paused = compileTarget(daemonSet(strategy), 'new', [], gate({}, {}, true));
      assert.deepEqual(onIt('older', false, paused), nothing);
    }
  });

  it('counts as updated when it has the newest, and only then', () => {
    const updated = (revision: string) =>
      assess(slot(inRest, [pod('p', { node: 'r', revision })]), held(rolling(1, 0)), now).updated;
    assert.deepEqual(['new', 'old', 'older'].map(updated), [true, false, false]);
  });

  it('gets no pod at all when there is none it may have', () => {
    const none = compileTarget(daemonSet(), 'new', [], gate(undefined));
    assert.equal(assess(slot(inRest, []), none, now).create, undefined);
    assert.equal(assess(slot(inRest, []), held(rolling(1, 0)), now).create, 'missing');
  });

  it('ends a surge that had begun: the proven pod stays as long as it serves', () => {
    const pods = [pod('old', { node: 'r', revision: 'old' }), pod('new', { node: 'r', revision: 'new', ...starting })];
    const { removals } = assess(slot(inRest, pods), held(rolling(0, 1)), now);
    assert.deepEqual(
      removals.map(({ pod: { name } }) => name),
      ['new'],
    );
  });
});
