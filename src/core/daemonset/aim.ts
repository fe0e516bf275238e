// What the ledger is to go for: the newest revision, as far as the policy's last acknowledged status lets it.
import type { ControllerRevision, DaemonSet, PodTemplateSpec, RolloutPolicy, Stored } from '../../api/index.ts';
import { compilePlacement } from './placement.ts';
import { compileGate, type Gate } from './policy/gate.ts';
import { readPolicy } from './policy/policy-view.ts';
import { hashOf, templateOf } from './revision.ts';
import { compileTarget, type Target } from './target.ts';

export interface AimBasis {
  readonly daemonSet: Stored<DaemonSet>;
  /** Hash of the newest revision, and those of others that mean the same. */
  readonly hash: string;
  readonly duplicates: readonly string[];
  /** All that the DaemonSet has. */
  readonly revisions: () => Iterable<ControllerRevision>;
  /** The one that counts, if any names the DaemonSet. */
  readonly policy: Stored<RolloutPolicy> | undefined;
}

export function aimAt(basis: AimBasis): Target {
  return compileTarget(basis.daemonSet, basis.hash, basis.duplicates, gateOf(basis));
}

function gateOf({ daemonSet, hash, duplicates, revisions, policy }: AimBasis): Gate | undefined {
  if (policy === undefined) return undefined;
  return compileGate({
    policy: readPolicy(policy),
    status: policy.status,
    daemonSetUid: daemonSet.metadata.uid,
    revision: hash,
    sameRevisions: new Set([hash, ...duplicates]),
    placementOf(proven) {
      const template = templateOfHash(revisions(), proven);
      return template === undefined ? undefined : compilePlacement(template.spec);
    },
  });
}

/** The template that a revision stands for; undefined when it does not exist. */
export function templateOfHash(revisions: Iterable<ControllerRevision>, hash: string): PodTemplateSpec | undefined {
  for (const revision of revisions) if (hashOf(revision) === hash) return templateOf(revision);
  return undefined;
}
