// Deliberate bugs for the simulator to find: each is a change of one source text, made while a worker loads it, so that
// production code knows nothing of it. A mutation that finds its text no more fails the run: it is to be brought along.

import type { Mode } from '../src/simulation/index.ts';

export interface Mutation {
  readonly name: string;
  /** `model` when absent. */
  readonly mode?: Mode;
  /** Under src/. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
  /** Where a bug is rare: a seed near one that shows it, so that CI need not run a thousand others first. */
  readonly seedsFrom?: number;
  /** The first violation must come within this many seeds. */
  readonly seedsMax: number;
}

export const mutations: readonly Mutation[] = [
  {
    name: 'deletes carry no UID',
    file: 'controllers/daemonset/actions.ts',
    search: 'const preconditions = { uid, ...',
    replace: 'const preconditions = { ...(uid === undefined ? { uid } : {}), ...',
    seedsMax: 5,
  },
  {
    name: 'pod names leave the revision out',
    file: 'core/daemonset/pod.ts',
    search: 'const parts = [daemonSetUid, node, revision, replaces ?? ',
    replace: 'const parts = [daemonSetUid, node, replaces ?? ',
    seedsMax: 200,
  },
  {
    name: 'pod names are random',
    file: 'core/daemonset/pod.ts',
    search: 'const parts = [daemonSetUid, node, revision, replaces ?? ',
    replace: 'const parts = [String(Math.random()), daemonSetUid, node, revision, replaces ?? ',
    seedsMax: 600,
  },
  {
    name: 'creates on their way are forgotten',
    file: 'core/daemonset/ledger.ts',
    search: 'slot.creating = { name, revision, reason, sentAt: now };',
    replace: '',
    seedsMax: 100,
  },
  {
    name: 'deletes on their way are forgotten',
    file: 'core/daemonset/ledger.ts',
    search: 'slot.deleting = new Map(slot.deleting).set(action.uid, now);\n      // All',
    replace: '// All',
    seedsMax: 700,
  },
  {
    name: 'what has happened is believed for 30 s only',
    file: 'controllers/daemonset/sync.ts',
    search: '  rememberUnseen(context, tracked);',
    replace: '',
    seedsMax: 600,
  },
  {
    name: 'Retry-After is ignored',
    file: 'machinery/adaptive-concurrency.ts',
    search: 'if (retryAfterMs > 0) restUntil',
    replace: 'if (retryAfterMs < 0) restUntil',
    seedsMax: 60,
  },
  {
    name: 'failed pods are removed without back-off',
    file: 'core/daemonset/backoff.ts',
    search: 'return backoff === undefined ? 0 : backoff.since + backoff.delayMs;',
    replace: 'return backoff === undefined ? 0 : backoff.since;',
    seedsMax: 60,
  },
  {
    name: 'the budget is one too large',
    file: 'core/daemonset/rollout.ts',
    search: 'const room = maxUnavailable - fleet.blocking;',
    replace: 'const room = maxUnavailable + 1 - fleet.blocking;',
    seedsMax: 60,
  },
  {
    name: 'the surge is one too large',
    file: 'core/daemonset/rollout.ts',
    search: 'const room = Math.max(0, maxSurge - fleet.surging);',
    replace: 'const room = Math.max(0, maxSurge + 1 - fleet.surging);',
    seedsMax: 60,
  },
  {
    name: 'an old pod is superseded before the new one serves',
    file: 'core/daemonset/assess.ts',
    search: 'if (!old.ready || available(fresh))',
    replace: 'if (true)',
    seedsMax: 60,
  },
  {
    name: 'old revisions are never pruned',
    file: 'controllers/daemonset/sync.ts',
    search: '  await pruneWhenSettled(context, tracked);',
    replace: '',
    seedsMax: 60,
  },
  {
    name: 'a revision is pruned though pods carry it',
    file: 'core/daemonset/history.ts',
    search: '.filter((revision) => !isLive(hashOf(revision)))',
    replace: '',
    seedsMax: 100,
  },
  {
    name: 'a revision is pruned whose pod is on its way',
    file: 'core/daemonset/ledger.ts',
    search: 'else if (slot.creating.revision === revision) return true;',
    replace: '',
    seedsMax: 600,
  },
  {
    name: 'orphans are adopted without asking for their labels',
    file: 'core/daemonset/ownership.ts',
    search: "return matches && !claimant.deleting && !object.deleting ? 'adopt' : 'ignore';",
    replace: "return !claimant.deleting && !object.deleting ? 'adopt' : 'ignore';",
    seedsMax: 100,
  },
  {
    name: 'an adopted pod counts only when the watch shows it',
    file: 'controllers/daemonset/claims.ts',
    search: 'tracked.ledger.setPod(viewPod(adopted), context.clock.now());',
    replace: 'void viewPod(adopted);',
    seedsMax: 300,
  },
  {
    name: 'a late answer overwrites a newer spec',
    file: 'controllers/daemonset/status-writer.ts',
    search: 'if (tracked.object === known) tracked.object = readDaemonSet(written);',
    replace: 'tracked.object = readDaemonSet(written);',
    seedsFrom: 1301,
    seedsMax: 100,
  },
  {
    name: 'the status claims the generation it has seen, not the one it counted for',
    file: 'core/daemonset/status.ts',
    search: 'observedGeneration: target.generation,',
    replace: 'observedGeneration: target.generation + 1,',
    seedsMax: 5,
  },
  {
    name: 'terminating pods count as ready',
    file: 'core/daemonset/fate.ts',
    search: 'if (terminating || slot.deleting.has(pod.uid)) leaving.push(pod);',
    replace: 'if (terminating && slot.deleting.size > 99) leaving.push(pod);',
    seedsMax: 60,
  },
  {
    name: 'a pod that did not serve when seen is removed as it is now',
    file: 'core/daemonset/ledger.ts',
    search: '...(asSeen ? { resourceVersion } : {})',
    replace: '...(asSeen ? {} : {})',
    seedsMax: 600,
  },
  {
    name: 'NoSchedule does not keep new pods away',
    file: 'core/daemonset/placement.ts',
    search: "return { run: false, stay: true, obstacle: { kind: 'taint', taint: keepsAway } };",
    replace: 'return runs;',
    seedsMax: 60,
  },
  {
    name: 'decisions are made before every list is complete',
    file: 'controllers/daemonset/index.ts',
    search: 'let complete = false;',
    replace: 'let complete = true;',
    seedsMax: 100,
  },
  {
    name: 'a watch that fell behind forgets what was deleted meanwhile',
    file: 'machinery/reflector.ts',
    search: 'for (const [key, before] of held) if (!listed.has(key)) drop(key, before);',
    replace: 'void drop;',
    seedsMax: 100,
  },
  {
    name: 'a leader goes on for longer than its lease lasts',
    file: 'machinery/leader-election.ts',
    search: 'renewDeadlineMs: 10_000',
    replace: 'renewDeadlineMs: 40_000',
    seedsMax: 200,
  },
  {
    name: 'the store compares no revisions',
    mode: 'embedded',
    file: 'store/memory.ts',
    search: 'if (current !== expected) throw new RevisionMismatchError(key, current);',
    replace: '',
    seedsMax: 20,
  },
  {
    name: 'a watch that resumes misses what happened meanwhile',
    mode: 'embedded',
    file: 'store/versions.ts',
    search: 'this.#history.since(prefix, after)',
    replace: '[]',
    seedsMax: 20,
  },
];
