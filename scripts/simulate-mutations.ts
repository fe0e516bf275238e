// Deliberate bugs for the simulator to find: each is a change of a source text (or of several), made while a worker loads
// it, so that production code knows nothing of it. A mutation that finds its text no more fails the run: it is to be
// brought along.

import type { Mode } from '../src/simulation/index.ts';
import { clusterMutations } from './simulate-cluster-mutations.ts';
import { placementAndHistoryMutations } from './simulate-placement-mutations.ts';
import { policyMutations } from './simulate-policy-mutations.ts';

export interface Edit {
  /** Under src/. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

export interface Mutation extends Edit {
  readonly name: string;
  /** `model` when absent; `crash points`: a crash at each write of short scenes (of each seed, for a scene). */
  readonly mode?: Mode | 'crash points';
  /** Where one change does not make the bug. */
  readonly also?: readonly Edit[];
  /** Where a bug is rare: a seed near one that shows it, so that CI need not run a thousand others first. */
  readonly seedsFrom?: number;
  /** Rollout policies in every history. */
  readonly policies?: boolean;
  /** The first violation must come within this many seeds. */
  readonly seedsMax: number;
}

export const editsOf = ({ file, search, replace, also = [] }: Mutation): readonly Edit[] => [
  { file, search, replace },
  ...also,
];

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
    mode: 'crash points',
    file: 'core/daemonset/pod.ts',
    search: 'const parts = [daemonSetUid, node, revision, replaces ?? ',
    replace: 'const parts = [String(Math.random()), daemonSetUid, node, revision, replaces ?? ',
    seedsMax: 4,
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
    also: [
      {
        file: 'core/daemonset/ledger.ts',
        search: 'slot.deleting = new Map(slot.deleting).set(action.uid, now);\n    }',
        replace: '}',
      },
    ],
    seedsMax: 100,
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
    file: 'controllers/daemonset/revisions.ts',
    search: 'hash === proven || tracked.ledger.isRevisionLive(hash)',
    replace: 'hash === proven',
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
    seedsFrom: 1151,
    seedsMax: 100,
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
    name: 'sent counts by DaemonSet: any new pod stands for any create',
    file: 'core/daemonset/ledger.ts',
    search: 'if (slot.creating?.name === pod.name) slot.creating = undefined;',
    replace: `if (index === -1)
      for (const other of this.#creating) {
        this.#creating.delete(other);
        if (other.creating === undefined) continue;
        other.creating = undefined;
        this.#reassess(other, now);
        break;
      }`,
    seedsFrom: 401,
    seedsMax: 100,
  },
  {
    name: 'a list that is older than what was seen is trusted',
    file: 'machinery/reflector.ts',
    search: '    requireNew(listedVersion);',
    replace: '    newest = versionNumber(listedVersion);',
    seedsFrom: 301,
    seedsMax: 100,
  },
  {
    name: 'the surge knows no back-off',
    file: 'core/daemonset/assess.ts',
    search: 'rolling && finished.length === 0',
    replace: 'rolling && (surge || finished.length === 0)',
    seedsFrom: 301,
    seedsMax: 100,
  },
  {
    name: 'a Conflict on a delete as seen counts as done',
    file: 'controllers/daemonset/actions.ts',
    search: "if (isReason(error, 'Conflict') && action.resourceVersion !== undefined) {",
    replace: 'if (false) {',
    seedsMax: 100,
  },
  {
    name: 'a delete whose answer was lost counts as done',
    file: 'controllers/daemonset/outcomes.ts',
    search: '} else if (found?.metadata.uid === action.uid && found.metadata.deletionTimestamp === undefined)',
    replace: "} else if (found?.metadata.uid === '')",
    seedsMax: 200,
  },
  {
    name: 'a name that is taken is never taken for our own',
    mode: 'crash points',
    file: 'controllers/daemonset/actions.ts',
    search: 'if (ours) happened(context, tracked, action, found);',
    replace: 'if (ours && found === undefined) happened(context, tracked, action, found);',
    seedsMax: 2,
  },
  {
    name: 'an orphan is adopted whoever has its name by now',
    file: 'controllers/daemonset/claims.ts',
    search: 'const patch = { metadata: { uid, ownerReferences } };',
    replace: 'const patch = { metadata: { ownerReferences } };',
    seedsMax: 60,
  },
  {
    name: 'the status counts pods that are gone, for as long as nothing else happens',
    file: 'core/daemonset/ledger.ts',
    search: '      slot.pods = slot.pods.length === 1 ? noPods : slot.pods.filter((one) => one !== pod);',
    replace: '      slot.pods = slot.pods.length === 1 ? slot.pods : slot.pods.filter((one) => one !== pod);',
    seedsMax: 60,
  },
  {
    name: 'a template that changes while its revision is written is an error',
    file: 'controllers/daemonset/revisions.ts',
    search: 'decision = decideHistory(object, [...tracked.revisions.values()]);\n    if',
    replace: 'decision = decideHistory(tracked.object, [...tracked.revisions.values()]);\n    if',
    seedsMax: 60,
  },
  {
    name: 'a clock that was set back keeps the status waiting',
    file: 'controllers/daemonset/status-writer.ts',
    search: 'const waitMs = tracked.statusWrittenAt + intervalMs - beganAt;',
    replace: 'const waitMs = tracked.statusWrittenAt + intervalMs - now;',
    also: [
      {
        file: 'controllers/daemonset/status-writer.ts',
        search: 'tracked.statusWrittenAt = beganAt;',
        replace: 'tracked.statusWrittenAt = now;',
      },
    ],
    seedsFrom: 901,
    seedsMax: 20,
  },
  ...placementAndHistoryMutations,
  ...clusterMutations.map((mutation) => ({ ...mutation, mode: 'embedded' as const })),
  ...policyMutations.map((mutation) => ({ ...mutation, policies: true })),
];
