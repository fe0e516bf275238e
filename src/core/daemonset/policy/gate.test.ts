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
      ['paused', gate({}, {}, true), 'hold old', 'hold old'],
      ['paused, though the newest is proven', gate(proven, {}, true), 'hold new', 'hold new'],
      ['paused, and nothing proven', gate(unproven, {}, true), 'hold new', 'hold new'],
      ['a policy that cannot be read', gate({}, { policy: { problem: 'bad' } }), 'hold old', 'hold old'],
      ['a revision that has not begun', gate({ revision: 'older' }), 'hold old', 'hold old'],
      ['… though it is the proven one', gate({ revision: 'older', ...proven }), 'hold new', 'hold new'],
      ['a revision that means the same has begun', gate({ revision: 'twin' }), 'go new', 'hold old'],
      ['an edit that is not acknowledged', gate({ observedGeneration: 0 }), 'hold old', 'hold old'],
      ['no status', gate(undefined), 'hold nothing', 'hold nothing'],
      ['the status of another DaemonSet of the name', gate({ daemonSetUID: 'other' }), 'hold nothing', 'hold nothing'],
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
        stances.map((stance) => stance !== 'hold'),
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

  it('keeps the pod it has, of whatever revision, ready or not', () => {
    for (const revision of ['new', 'old', 'older'])
      for (const state of [{}, starting])
        for (const strategy of [rolling(1, 0), rolling(0, 1), onDelete]) {
          const { create, removals, replaceable } = assess(
            slot(inRest, [pod('p', { node: 'r', revision, ...state })]),
            held(strategy),
            now,
          );
          assert.deepEqual(
            { create, removals, replaceable },
            { create: undefined, removals: [], replaceable: undefined },
          );
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
