// What the stages of a rollout go by, read off a ledger.
import type { ControllerRevision, Stored } from '../../../api/index.ts';
import { mostServed } from '../history.ts';
import type { Ledger } from '../ledger.ts';
import { hashOf } from '../revision.ts';
import type { Target } from '../target.ts';
import type { RolloutFacts } from './stage.ts';

export function rolloutFacts(
  ledger: Ledger,
  target: Target,
  revisions: readonly Stored<ControllerRevision>[],
  now: number,
): RolloutFacts {
  const hashes = new Set(revisions.map(hashOf));
  return {
    daemonSetUid: target.uid,
    revision: target.revision,
    sameRevisions: target.sameRevisions,
    older: () => mostServed(revisions, target.sameRevisions, ledger.availableByRevision(now)),
    exists: (hash) => hashes.has(hash),
    onDelete: target.strategy.type === 'OnDelete',
    waves: ledger.waves,
    eligible: () => ledger.eligible(),
  };
}
