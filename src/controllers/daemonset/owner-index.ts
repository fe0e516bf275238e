// Objects by who controls them; those that nobody does, by namespace. All operations O(1).
import { controllerOf, type KubernetesObject, resources } from '../../api/index.ts';

/** Pods of other controllers are none of our business and are not kept. */
export function mayBeOurs({ metadata }: KubernetesObject): boolean {
  const controller = controllerOf(metadata);
  return controller === undefined || controller.kind === resources.daemonSets.kind;
}

export interface OwnedEntry {
  readonly uid: string;
  readonly namespace: string;
  /** UID of the controlling owner. */
  readonly controller: string | undefined;
}

export class OwnerIndex<T extends OwnedEntry> {
  readonly #owned = new Map<string, Map<string, T>>();
  readonly #orphans = new Map<string, Map<string, T>>();

  set(entry: T): void {
    const [groups, key] = this.#groupOf(entry);
    let group = groups.get(key);
    if (group === undefined) {
      group = new Map();
      groups.set(key, group);
    }
    group.set(entry.uid, entry);
  }

  remove(entry: T): void {
    const [groups, key] = this.#groupOf(entry);
    const group = groups.get(key);
    if (group === undefined) return;
    group.delete(entry.uid);
    if (group.size === 0) groups.delete(key);
  }

  /** What the owner controls, then what nobody controls in the namespace. */
  *of(owner: string, namespace: string): Iterable<T> {
    yield* this.#owned.get(owner)?.values() ?? [];
    yield* this.#orphans.get(namespace)?.values() ?? [];
  }

  #groupOf({ controller, namespace }: T): [Map<string, Map<string, T>>, string] {
    return controller === undefined ? [this.#orphans, namespace] : [this.#owned, controller];
  }
}
