// The ledger keeps its books event by event; whatever the events, they must say what books made afresh would say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { node, nodeInZone, now, pod, rolling, second, taint, target } from './builders.test-support.ts';
import { Ledger } from './ledger.ts';
import type { Counts } from './totals.ts';
import type { Action, Plan } from './plan.ts';
import { allowance } from './rollout.ts';
import { assess } from './assess.ts';
import type { Assessment, Slot, SlotState } from './slot.ts';
import { surges, type Target } from './target.ts';
import { type NodeView, type PodView, zoneOf } from './views.ts';

type Step =
  | { readonly kind: 'node'; readonly node: NodeView }
  | { readonly kind: 'no node'; readonly name: string }
  | { readonly kind: 'pod'; readonly pod: PodView }
  | { readonly kind: 'no pod'; readonly uid: string }
  | { readonly kind: 'retarget'; readonly target: Target }
  | { readonly kind: 'send' | 'fail' | 'taken'; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number };

const names = ['n1', 'n2', 'n3', 'n4'];
const uids = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
const ago = fc.constantFrom(0, 5, 20, 40, 300).map((seconds) => now - seconds * second);

const nodes = fc
  .record({
    name: fc.constantFrom(...names),
    zone: fc.constantFrom('a', 'b'),
    ready: fc.boolean(),
    readyChangedAt: fc.option(ago, { nil: undefined }),
    taint: fc.constantFrom(undefined, undefined, undefined, 'NoSchedule', 'NoExecute'),
  })
  .map(({ name, zone, ready, readyChangedAt, taint: effect }) =>
    nodeInZone(name, zone, { ready, readyChangedAt, taints: effect === undefined ? [] : [taint(effect)] }),
  );

const pods = fc
  .record({
    name: fc.constantFrom(...uids),
    node: fc.constantFrom(...names, undefined),
    revision: fc.constantFrom('new', 'old', 'older'),
    bound: fc.boolean(),
    phase: fc.constantFrom('Pending', 'Running', 'Running', 'Failed', 'Succeeded'),
    ready: fc.boolean(),
    readyChangedAt: fc.option(ago, { nil: undefined }),
    createdAt: ago,
    startedAt: fc.option(ago, { nil: undefined }),
    deletionAt: fc.option(
      ago.map((at) => at + 30 * second),
      { nil: undefined, freq: 2 },
    ),
  })
  .map(({ name, ...changes }) => pod(name, { ...changes, deletionGraceMs: 30 * second }));

const targets = fc
  .record({
    budget: fc.constantFrom<readonly [number | string, number | string]>(
      [1, 0],
      [2, 0],
      ['50%', 0],
      [0, 1],
      [0, '50%'],
    ),
    onDelete: fc.constantFrom(false, false, false, true),
    minReadySeconds: fc.constantFrom(0, 30),
    generation: fc.integer({ min: 1, max: 3 }),
    revision: fc.constantFrom('new', 'old'),
  })
  .map(({ budget, onDelete, minReadySeconds, generation, revision }) => ({
    ...target(
      onDelete ? { updateStrategy: { type: 'OnDelete' }, minReadySeconds } : { ...rolling(...budget), minReadySeconds },
      {},
      generation,
    ),
    revision,
    sameRevisions: new Set([revision]),
  }));

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('node' as const), node: nodes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('no node' as const), name: fc.constantFrom(...names) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pod' as const), pod: pods }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('no pod' as const),
      uid: fc.constantFrom(...uids).map((uid) => `uid-${uid}`),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retarget' as const), target: targets }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail' as const, 'taken' as const), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 10, 35, 700).map((s) => s * second),
    }),
  },
);
const histories = fc.record({ first: targets, steps: fc.array(steps, { minLength: 5, maxLength: 40 }) });

/** Plays a history on a ledger; `check` sees it after every step. */
function play(
  first: Target,
  steps: readonly Step[],
  check: (ledger: Ledger, time: number, world: World) => void,
): void {
  const ledger = new Ledger();
  const world: World = { nodes: new Map(), pods: new Map() };
  const sent: Action[] = [];
  let time = now;
  ledger.retarget(first, time);
  for (const step of steps) {
    ledger.advance(time);
    switch (step.kind) {
      case 'node':
        world.nodes.set(step.node.name, step.node);
        ledger.setNode(step.node, time);
        break;
      case 'no node':
        world.nodes.delete(step.name);
        ledger.removeNode(step.name, time);
        break;
      case 'pod':
        world.pods.set(step.pod.uid, step.pod);
        ledger.setPod(step.pod, time);
        break;
      case 'no pod':
        world.pods.delete(step.uid);
        ledger.removePod(step.uid, time);
        break;
      case 'retarget':
        ledger.retarget(step.target, time);
        break;
      case 'send': {
        const action = pick([...ledger.plan().deletes, ...ledger.plan().creates], step.which);
        if (action === undefined) break;
        sent.push(action);
        ledger.sent(action, time);
        break;
      }
      case 'fail':
      case 'taken': {
        const action = pick(sent, step.which);
        if (action === undefined) break;
        if (step.kind === 'taken' && action.type === 'create') ledger.nameTaken(action, time);
        else ledger.failed(action, time);
        break;
      }
      case 'wait':
        time += step.ms;
        ledger.advance(time);
        break;
    }
    check(ledger, time, world);
  }
}

interface World {
  readonly nodes: Map<string, NodeView>;
  readonly pods: Map<string, PodView>;
}

const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % Math.max(1, list.length)];

/** A ledger that hears only the end of the story, together with what was sent and not seen. */
function afresh(ledger: Ledger, { nodes, pods }: World, time: number): Ledger {
  const fresh = new Ledger();
  for (const pod of pods.values()) fresh.setPod(pod, time);
  for (const node of nodes.values()) fresh.setNode(node, time);
  for (const { name, node: view, creating } of ledger.slots) {
    if (creating === undefined) continue;
    // Also on a node that went while the create was under way.
    if (view === undefined) fresh.setNode(node(name), time);
    fresh.sent({ type: 'create', node: name, ...creating }, time);
    if (view === undefined) fresh.removeNode(name, time);
  }
  // The first target of a ledger forgets its back-offs, so it is given before they are.
  fresh.retarget(ledger.target!, time);
  for (const { name, creating, deleting, backoff, aliveAt, salt } of ledger.slots)
    Object.assign(fresh.slot(name) as Slot, { creating, deleting, backoff, aliveAt, salt });
  fresh.retarget(ledger.target!, time);
  return fresh;
}

const asSets = ({ creates, deletes }: Plan) => ({
  creates: creates.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
  deletes: deletes.toSorted((a, b) => (a.uid < b.uid ? -1 : 1)),
});

test('after any history the books are those of a ledger that heard only the end of it', () => {
  fc.assert(
    fc.property(histories, ({ first, steps }) => {
      let last: (() => void) | undefined;
      play(first, steps, (ledger, time, world) => {
        last = () => {
          const fresh = afresh(ledger, world, time);
          assert.deepEqual(ledger.counts, fresh.counts);
          assert.deepEqual(ledger.states, fresh.states);
          assert.deepEqual(asSets(ledger.plan()), asSets(fresh.plan()));
          assert.equal(ledger.dueAt, fresh.dueAt);
          assert.equal(ledger.outdated, fresh.outdated);
          for (const revision of ['new', 'old', 'older'])
            assert.equal(ledger.isRevisionLive(revision), fresh.isRevisionLive(revision));
        };
      });
      last?.();
    }),
    { numRuns: 400 },
  );
});

function inAnyOrder(assessment: Assessment): Assessment {
  const removals = assessment.removals.toSorted((a, b) => (a.pod.uid < b.pod.uid ? -1 : 1));
  return { ...assessment, removals };
}

test('at every moment the counts, states and due time are the sums over the slots, and each slot is judged as of now', () => {
  fc.assert(
    fc.property(histories, ({ first, steps }) => {
      play(first, steps, (ledger, time) => {
        const slots = [...ledger.slots];
        for (const key of Object.keys(ledger.counts) as (keyof Counts)[])
          assert.equal(ledger.counts[key], slots.filter(({ assessment }) => assessment[key]).length, key);
        const states = new Map<SlotState, number>();
        for (const { assessment } of slots) states.set(assessment.state, (states.get(assessment.state) ?? 0) + 1);
        assert.deepEqual(ledger.states, states);
        // All pods of a lost or unwanted node go: their order follows who serves, which time changes, and means nothing.
        for (const slot of slots)
          assert.deepEqual(inAnyOrder(slot.assessment), inAnyOrder(assess(slot, ledger.target!, time)));
        const due = slots.map(({ assessment }) => assessment.reviewAt ?? Number.POSITIVE_INFINITY);
        assert.equal(ledger.dueAt ?? Number.POSITIVE_INFINITY, Math.min(Number.POSITIVE_INFINITY, ...due));
        assert.ok(
          due.every((at) => at > time),
          'what is due lies ahead',
        );
      });
    }),
    { numRuns: 400 },
  );
});

test('a plan never makes two pods on a node, never deletes a pod twice or one that is going, and keeps to the budget', () => {
  fc.assert(
    fc.property(histories, ({ first, steps }) => {
      play(first, steps, (ledger) => {
        const { creates, deletes } = ledger.plan();
        assert.equal(new Set(creates.map(({ node }) => node)).size, creates.length);
        assert.equal(new Set(deletes.map(({ uid }) => uid)).size, deletes.length);
        for (const { node, uid } of deletes) {
          const slot = ledger.slot(node)!;
          assert.equal(slot.pods.find((pod) => pod.uid === uid)?.deletionAt, undefined);
          assert.equal(slot.deleting.has(uid), false);
        }
        for (const { node } of creates) {
          const slot = ledger.slot(node)!;
          assert.equal(slot.creating, undefined);
          assert.notEqual(slot.node, undefined);
        }
        const { counts, target } = ledger;
        const { settling, retirable } = candidates(ledger);
        const allowed = allowance(target!, { ...counts, settling, retirable });
        const surge = creates.filter(({ reason }) => reason === 'surge').length;
        const outdated = deletes.filter(({ reason }) => reason === 'outdated').length;
        assert.ok(surge + outdated <= Math.max(0, allowed.settling) + Math.max(0, allowed.serving));
        assert.equal(surges(target!) ? outdated : surge, 0);
        if (target!.strategy.type === 'OnDelete') assert.equal(surge + outdated, 0);
      });
    }),
    { numRuns: 400 },
  );
});

function candidates(ledger: Ledger): { readonly settling: number; readonly retirable: number } {
  const assessments = [...ledger.slots].map(({ assessment }) => assessment);
  return {
    settling: assessments.filter(({ replaceableIsSettling }) => replaceableIsSettling === true).length,
    retirable: assessments.filter(({ retirable }) => retirable !== undefined).length,
  };
}

test('candidates of one zone go by name, and no zone gets two before another gets one', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (numbers, budget) => {
        const ledger = new Ledger();
        ledger.retarget(target(rolling(budget)), now);
        const views = numbers.map((number) => nodeInZone(`n${number}`, `z${number % 3}`));
        for (const view of views) {
          ledger.setNode(view, now);
          ledger.setPod(pod(`old-${view.name}`, { node: view.name, revision: 'old' }), now);
        }
        const chosen = ledger.plan().deletes.map(({ node }) => node);
        assert.equal(chosen.length, Math.min(budget, views.length));
        const perZone = Map.groupBy(views, zoneOf);
        const taken = [...perZone].map(([, members]) => {
          const inOrder = members.map(({ name }) => name).toSorted();
          const mine = chosen.filter((name) => inOrder.includes(name));
          assert.deepEqual(mine, inOrder.slice(0, mine.length));
          return { taken: mine.length, left: inOrder.length - mine.length };
        });
        const most = Math.max(...taken.map(({ taken }) => taken));
        for (const zone of taken) assert.ok(zone.left === 0 || zone.taken >= most - 1);
      },
    ),
  );
});
