import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutPolicySpec, RolloutPolicyStatus } from '../../../api/index.ts';
import { node, now, second } from '../builders.test-support.ts';
import { rankOf } from './gate.ts';
import { rolloutPolicy } from './policies.test-support.ts';
import { type PolicyView, readPolicy } from './policy-view.ts';
import { drawRanks, nextStage, type RolloutFacts, type Stage } from './stage.ts';

const waves = [{ name: 'one', soakSeconds: 60 }, { name: 'two' }];
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function view(
  spec: Partial<RolloutPolicySpec> = {},
  annotations: Record<string, string> = {},
  generation = 1,
): PolicyView {
  return readPolicy(rolloutPolicy({ waves, ...spec }, { annotations, generation })) as PolicyView;
}

const counts = (nodes: number, pending: number) => ({ nodes, updated: nodes - pending, available: nodes, pending });

function facts(changes: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    daemonSetUid: 'uid-daemon',
    revision: 'new',
    sameRevisions: new Set(['new', 'twin']),
    older: () => undefined,
    exists: () => true,
    onDelete: false,
    waves: [counts(2, 2), counts(5, 5), counts(0, 0)],
    eligible: () => [],
    ...changes,
  };
}

/** The first wave is open since now. */
const begun: RolloutPolicyStatus = nextStage(
  view(),
  { observedGeneration: 1, daemonSetUID: 'uid-daemon', revision: 'old', provenRevision: 'old' },
  facts(),
  now,
).status;

/** Stages until nothing moves any more, as the controller takes them. */
function settle(policy: PolicyView, before: RolloutPolicyStatus | undefined, given: RolloutFacts, when: number): Stage {
  let stage = nextStage(policy, before, given, when);
  for (let step = 0; step < 10; step++) {
    const next = nextStage(policy, stage.status, given, when);
    if (JSON.stringify(next) === JSON.stringify(stage)) return stage;
    stage = next;
  }
  throw new Error('the stages do not come to rest');
}

const short = ({ status: { phase, openWaves, provenRevision } }: Stage) => `${phase} ${openWaves} ${provenRevision}`;
const done = facts({ waves: [counts(2, 0), counts(5, 5)] });
const allDone = facts({ waves: [counts(2, 0), counts(5, 0)] });

describe('a rollout begins', () => {
  it('with its first wave, the proven revision staying what it was', () => {
    assert.deepEqual(
      [begun.revision, begun.provenRevision, begun.openWaves, begun.phase, begun.progressedAt],
      ['new', 'old', 1, 'RollingOut', at(now)],
    );
    assert.deepEqual(
      begun.waves?.map(({ name }) => name),
      ['one', 'two', 'rest'],
    );
  });

  it('on all nodes while nothing is proven, and anew with each template until something is', () => {
    const first = nextStage(view(), undefined, facts(), now);
    assert.equal(short(first), 'Launching 3 undefined');
    const other = nextStage(view(), first.status, facts({ revision: 'b', sameRevisions: new Set(['b']) }), now);
    assert.equal(short(other), 'Launching 3 undefined');
    assert.equal(other.status.revision, 'b');
  });

  it('with the older revision as proven, when the policy comes in its midst', () => {
    assert.equal(short(nextStage(view(), undefined, facts({ older: () => 'old' }), now)), 'RollingOut 1 old');
  });

  it('anew for another DaemonSet of the name: nothing of the old one is proven there', () => {
    const other = nextStage(view(), begun, facts({ daemonSetUid: 'other' }), now);
    assert.equal(short(other), 'Launching 3 undefined');
    assert.equal(other.status.daemonSetUID, 'other');
  });

  it('anew when the waves are others, what is proven being proven', () => {
    const open = { ...begun, openWaves: 2 };
    const next = nextStage(view({ waves: [{ name: 'three' }] }, {}, 2), open, facts(), now);
    assert.equal(short(next), 'RollingOut 1 old');
    assert.deepEqual(
      next.status.waves?.map(({ name }) => name),
      ['three', 'rest'],
    );
  });

  it('anew when the status has more waves open than there are, or none: somebody wrote it', () => {
    for (const openWaves of [0, 4, 99])
      assert.equal(short(nextStage(view(), { ...begun, openWaves }, done, now)), 'RollingOut 1 old');
  });

  it('and says so when what is proven does not exist any more', () => {
    const { status } = settle(view(), begun, facts({ exists: () => false }), now);
    assert.match(status.message ?? '', /revision old, which is proven, does not exist any more/);
    assert.doesNotMatch(settle(view(), begun, facts(), now).status.message ?? '', /exist/);
  });

  it('and ends at once when it goes back to what is proven', () => {
    const undone = settle(view(), begun, facts({ revision: 'old', sameRevisions: new Set(['old']) }), now);
    assert.equal(short(undone), 'Complete 3 old');
  });
});

describe('the first launch', () => {
  const launching = nextStage(view(), undefined, facts(), now).status;
  it('proves its revision when it is on every node', () => {
    assert.equal(
      short(settle(view(), launching, facts({ waves: [counts(2, 0), counts(5, 1)] }), now)),
      'Launching 3 undefined',
    );
    assert.equal(short(settle(view(), launching, allDone, now)), 'Complete 3 new');
  });
  it('that is not done when the next template comes counts as proven where most nodes were served', () => {
    const next = (served: number, older: string | undefined, updated = 10) => {
      const counted = { nodes: 10, updated, available: served, pending: 10 - served };
      const { status } = settle(view(), launching, facts({ waves: [counted] }), now);
      return short(
        nextStage(view(), status, facts({ revision: 'b', sameRevisions: new Set(['b']), older: () => older }), now),
      );
    };
    assert.equal(next(6, 'new'), 'RollingOut 1 new');
    assert.equal(next(5, 'new'), 'Launching 3 undefined');
    // Those that are available may be the ones that are not updated.
    assert.equal(next(8, 'new', 8), 'RollingOut 1 new');
    assert.equal(next(8, 'new', 7), 'Launching 3 undefined');
    // Nobody has it any more, or something else.
    assert.equal(next(9, undefined), 'Launching 3 undefined');
    assert.equal(next(9, 'other'), 'Launching 3 undefined');
  });

  it('proves nothing on no node', () => {
    assert.equal(short(settle(view(), launching, facts({ waves: [] }), now)), 'Launching 3 undefined');
  });
});

describe('a wave', () => {
  it('soaks from the moment it is done, then the next opens, then the revision is proven', () => {
    const soaking = settle(view(), begun, done, now + second);
    assert.equal(short(soaking), 'Soaking 1 old');
    assert.equal(soaking.status.soakingSince, at(now + second));
    assert.equal(soaking.reviewAt, now + 61 * second);
    assert.equal(short(settle(view(), soaking.status, done, now + 60 * second)), 'Soaking 1 old');
    const open = settle(view(), soaking.status, done, now + 61 * second);
    assert.equal(short(open), 'RollingOut 2 old');
    assert.equal(open.status.progressedAt, at(now + 61 * second));
    assert.equal(short(settle(view(), open.status, allDone, now + 90 * second)), 'Complete 3 new');
  });

  it('soaks no longer for a clock that was set back', () => {
    const soaking = settle(view(), begun, done, now + 7200 * second).status;
    const back = settle(view(), soaking, done, now);
    assert.equal(back.reviewAt, now + 60 * second);
    const stuck = settle(view(), begun, facts(), now + 7200 * second - 1).status;
    assert.equal(
      settle(view(), { ...begun, progressedAt: at(now + 7200 * second) }, facts(), now).reviewAt,
      now + 600 * second,
    );
    assert.equal(stuck.phase, 'Held');
  });

  it('soaks anew when a node falls back, and its deadline begins there', () => {
    const soaking = settle(view(), begun, done, now).status;
    const back = settle(view(), soaking, facts({ waves: [counts(2, 1), counts(5, 5)] }), now + 50 * second);
    assert.equal(short(back), 'RollingOut 1 old');
    assert.equal(back.status.soakingSince, undefined);
    assert.equal(back.reviewAt, now + 650 * second);
    assert.equal(settle(view(), back.status, done, now + 55 * second).reviewAt, now + 115 * second);
  });

  it('without nodes soaks too: a template that runs nowhere must not rush through', () => {
    assert.equal(short(settle(view(), begun, facts({ waves: [counts(0, 0), counts(5, 5)] }), now)), 'Soaking 1 old');
  });

  it('counts a node of an earlier wave that falls back', () => {
    const second2 = { ...begun, openWaves: 2 };
    const given = facts({ waves: [counts(2, 1), counts(5, 0)] });
    assert.equal(short(settle(view(), second2, given, now)), 'RollingOut 2 old');
  });

  it('waits for its approval, which names revision and wave', () => {
    const manual = { waves: [{ name: 'one', approval: 'Manual' }, { name: 'two' }] };
    const after = (approved: string) =>
      short(settle(view(manual, { 'everynode.dev/approve': approved }), begun, done, now));
    assert.equal(after(''), 'WaitingForApproval 1 old');
    assert.equal(after('old/one'), 'WaitingForApproval 1 old');
    assert.equal(after('new/two'), 'WaitingForApproval 1 old');
    assert.equal(after('new/one'), 'RollingOut 2 old');
  });
});

describe('nodes that never come up', () => {
  const tolerant = view({ failureTolerance: '30%' });
  const broken = (pending: number) => facts({ waves: [counts(10, pending), counts(10, 10)] });

  it('hold nothing up as far as they are tolerated, of the nodes of the open waves, rounded down', () => {
    assert.equal(short(settle(tolerant, begun, broken(3), now)), 'Soaking 1 old');
    assert.equal(short(settle(tolerant, begun, broken(4), now)), 'RollingOut 1 old');
    const few = view({ failureTolerance: 1 });
    assert.equal(short(settle(few, begun, broken(1), now)), 'Soaking 1 old');
    assert.equal(short(settle(few, begun, broken(2), now)), 'RollingOut 1 old');
    const almostOne = facts({ waves: [counts(3, 1)] });
    assert.equal(short(settle(tolerant, begun, almostOne, now)), 'RollingOut 1 old');
  });

  it('do not keep a launch from being proven', () => {
    const launching = nextStage(tolerant, undefined, facts(), now).status;
    assert.equal(short(settle(tolerant, launching, facts({ waves: [counts(10, 3)] }), now)), 'Complete 3 new');
    assert.equal(short(settle(tolerant, launching, facts({ waves: [counts(10, 4)] }), now)), 'Launching 3 undefined');
  });
});

describe('an edited policy', () => {
  it('counts before anything is decided by what is counted through the gate of the policy before', () => {
    const paused = settle(view({ paused: true }, {}, 2), begun, done, now).status;
    const resumed = nextStage(view({}, {}, 3), paused, allDone, now);
    assert.equal(short(resumed), 'RollingOut 1 old');
    assert.equal(resumed.status.observedGeneration, 3);
    const edited = nextStage(view({ waves: [{ name: 'one' }, { name: 'two' }] }, {}, 2), begun, allDone, now);
    assert.equal(short(edited), 'RollingOut 1 old');
    assert.equal(edited.status.observedGeneration, 2);
  });
});

describe('the deadline', () => {
  const rollback = view({ onFailure: 'Rollback' });
  const late = now + 600 * second;

  it('holds or rolls back a rollout that does not come forward', () => {
    assert.equal(short(settle(view(), begun, facts(), late - 1)), 'RollingOut 1 old');
    assert.equal(nextStage(view(), begun, facts(), now).reviewAt, late);
    assert.equal(short(settle(view(), begun, facts(), late)), 'Held 1 old');
    assert.equal(short(settle(rollback, begun, facts(), late)), 'RolledBack 1 old');
  });

  it('holds where there is nothing to go back to', () => {
    assert.equal(short(settle(rollback, begun, facts({ exists: () => false }), late)), 'Held 1 old');
  });

  it('begins anew with each node more than ever before, and with no other', () => {
    const one = facts({ waves: [counts(2, 1), counts(5, 5)] });
    const forward = settle(view(), begun, one, now + 500 * second).status;
    assert.equal(short(settle(view(), forward, one, now + 1099 * second)), 'RollingOut 1 old');
    // It falls back and comes again: no progress.
    const back = settle(view(), forward, facts(), now + 700 * second).status;
    const again = settle(view(), back, one, now + 900 * second).status;
    assert.equal(short(settle(view(), again, one, now + 1100 * second)), 'Held 1 old');
  });

  it('does not count for OnDelete, nor for a revision that somebody tries again', () => {
    assert.equal(short(settle(view(), begun, facts({ onDelete: true }), late * 2)), 'RollingOut 1 old');
    const retry = view({}, { 'everynode.dev/retry': 'new' });
    assert.equal(short(settle(retry, begun, facts(), late)), 'RollingOut 1 old');
    const held = settle(view(), begun, facts(), late).status;
    assert.equal(short(settle(retry, held, facts(), late)), 'RollingOut 1 old');
    assert.equal(short(settle(view({}, { 'everynode.dev/retry': 'other' }), held, facts(), late)), 'Held 1 old');
  });

  it('does not go on while the rollout is paused', () => {
    const paused = settle(view({ paused: true }, {}, 2), begun, facts(), now + 10 * second);
    assert.equal(short(paused), 'Paused 1 old');
    const resumed = settle(view({}, {}, 3), paused.status, facts(), late * 2);
    assert.equal(short(resumed), 'RollingOut 1 old');
    assert.equal(resumed.reviewAt, late * 2 + 600 * second);
  });

  it('is not forgotten over a pause, nor over an unreadable edit', () => {
    for (const [given, phase] of [
      [rollback, 'RolledBack'],
      [view(), 'Held'],
    ] as const) {
      const { onFailure } = given;
      const found = settle(given, begun, facts(), late).status;
      const paused = settle(view({ onFailure, paused: true }, {}, 2), found, facts(), late).status;
      assert.equal(paused.phase, 'Paused');
      assert.equal(short(settle(view({ onFailure }, {}, 3), paused, facts(), late)), `${phase} 1 old`);
      const invalid = { ...found, phase: 'Invalid', observedGeneration: 4 } as const;
      assert.equal(short(settle(view({ onFailure }, {}, 5), invalid, facts(), late)), `${phase} 1 old`);
    }
  });

  it('leaves what is held and what is rolled back so, until the policy or the template says otherwise', () => {
    const held = settle(view(), begun, facts(), late).status;
    assert.equal(short(settle(view(), held, allDone, late)), 'Held 1 old');
    assert.equal(short(settle(view({ onFailure: 'Rollback' }, {}, 2), held, facts(), late)), 'RolledBack 1 old');
    const rolledBack = settle(rollback, begun, facts(), late).status;
    assert.equal(short(settle(view({}, {}, 2), rolledBack, facts(), late)), 'RolledBack 1 old');
    const other = facts({ revision: 'b', sameRevisions: new Set(['b']) });
    assert.equal(short(settle(rollback, rolledBack, other, late)), 'RollingOut 1 old');
  });
});

describe('ranks', () => {
  const nodes = Array.from({ length: 10 }, (_, index) =>
    node(`n${index}`, { labels: { pool: index < 4 ? 'a' : 'b' } }),
  );
  const ranked = (taken: typeof nodes) => taken.map(({ name }) => rankOf(name)).toSorted((a, b) => a - b);

  it('are drawn wave by wave, of the nodes that are left', () => {
    const spec = [
      { name: 'one', nodeSelector: { matchLabels: { pool: 'a' } }, nodes: '50%' },
      { name: 'two', nodes: 3 },
      { name: 'three', nodeSelector: { matchLabels: { pool: 'b' } } },
    ];
    const drawn = drawRanks(view({ waves: spec }).waves, nodes);
    const firstTwo = ranked(nodes.slice(0, 4)).slice(0, 2);
    const left = ranked(nodes).filter((rank) => !firstTwo.includes(rank));
    assert.deepEqual(drawn, [firstTwo[1], left[2], undefined, undefined]);
  });

  it('stay for the rollout and are drawn again when the policy is edited', () => {
    const few = { waves: [{ name: 'few', nodes: 1 }] };
    const given = facts({ eligible: () => nodes });
    const start = { observedGeneration: 1, daemonSetUID: 'uid-daemon', revision: 'old', provenRevision: 'old' };
    const status = nextStage(view(few), start, given, now).status;
    assert.equal(status.waves?.[0]?.rankMax, ranked(nodes)[0]);
    const fewer = facts({ eligible: () => nodes.slice(5) });
    assert.equal(nextStage(view(few), status, fewer, now).status.waves?.[0]?.rankMax, ranked(nodes)[0]);
    const more = view({ waves: [{ name: 'few', nodes: 4 }] }, {}, 2);
    assert.equal(nextStage(more, status, given, now).status.waves?.[0]?.rankMax, ranked(nodes)[3]);
  });

  it('of a wave that takes no node let nobody in later', () => {
    const none = view({ waves: [{ name: 'x', nodeSelector: { matchLabels: { pool: 'x' } }, nodes: 1 }] });
    assert.deepEqual(drawRanks(none.waves, nodes), [0, undefined]);
  });
});
