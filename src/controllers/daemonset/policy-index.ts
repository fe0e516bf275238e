// The RolloutPolicies by the DaemonSet that they name, as last seen or as last written by us, whichever is newer.
import { isDnsSubdomain, type RolloutPolicy, type Stored } from '../../api/index.ts';

type StoredPolicy = Stored<RolloutPolicy>;

export class PolicyIndex {
  readonly #byUid = new Map<string, StoredPolicy>();
  /** `namespace/name` of the DaemonSet → its policies by UID. */
  readonly #byTarget = new Map<string, Map<string, StoredPolicy>>();

  /** Those that name the DaemonSet; the first, which is the oldest, is the one that counts. */
  of(target: string): readonly StoredPolicy[] {
    const found = this.#byTarget.get(target);
    return found === undefined ? [] : [...found.values()].toSorted(oldestFirst);
  }

  /** Takes in what is no older than what is known. Returns the keys of the DaemonSets that have another policy now. */
  set(policy: StoredPolicy): readonly string[] {
    const before = this.#byUid.get(policy.metadata.uid);
    if (before !== undefined && versionOf(policy) <= versionOf(before)) return [];
    const target = targetOf(policy);
    const left = before === undefined ? undefined : targetOf(before);
    if (before !== undefined && left !== target) this.remove(before);
    if (target === undefined) return left === undefined ? [] : [left];
    this.#byUid.set(policy.metadata.uid, policy);
    const same = this.#byTarget.get(target) ?? new Map<string, StoredPolicy>();
    this.#byTarget.set(target, same.set(policy.metadata.uid, policy));
    return left === undefined || left === target ? [target] : [left, target];
  }

  /** An answer brought it: of what the watch has not shown, or has shown to be gone, an answer tells nothing. */
  learn(policy: StoredPolicy): void {
    if (this.#byUid.has(policy.metadata.uid)) this.set(policy);
  }

  remove({ metadata: { uid } }: StoredPolicy): readonly string[] {
    const known = this.#byUid.get(uid);
    const target = known === undefined ? undefined : targetOf(known);
    this.#byUid.delete(uid);
    if (target === undefined) return [];
    const left = this.#byTarget.get(target);
    left?.delete(uid);
    if (left?.size === 0) this.#byTarget.delete(target);
    return [target];
  }
}

/** Undefined when it names none: a schema that is not ours, or none at all, lets such a policy exist. */
function targetOf({ metadata, spec }: StoredPolicy): string | undefined {
  const name = (spec as Partial<RolloutPolicy['spec']> | undefined)?.targetRef?.name;
  return typeof name === 'string' && isDnsSubdomain(name) ? `${metadata.namespace}/${name}` : undefined;
}

/** No more than a guess where versions are no numbers: then every version is as good as another, and the last one counts. */
function versionOf({ metadata }: StoredPolicy): number {
  return Number(metadata.resourceVersion);
}

function oldestFirst({ metadata: a }: StoredPolicy, { metadata: b }: StoredPolicy): number {
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
