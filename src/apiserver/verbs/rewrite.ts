// Read, change, compare-and-write, again when somebody else was faster: every write to an object that exists.
// Optimistic locking for the caller's own resourceVersion is the business of `change` (metadataForUpdate).
import type { KubernetesObject } from '../../api/index.ts';
import { RevisionMismatchError } from '../../store/index.ts';
import { modified, notFound } from '../errors.ts';
import type { ResourceDefinition, WriteContext } from '../resources/definition.ts';
import { sameJson } from '../same-json.ts';
import { keyOf, objectAt, toValue } from '../storage.ts';

/** Other writers to the same object that one request puts up with before it answers Conflict. */
const rewriteAttemptsMax = 20;

export interface Rewritten {
  /** As it stands in the store now; when `gone`, as the change that let it go made it, or as it last was. */
  readonly object: KubernetesObject;
  readonly gone: boolean;
}

export interface RewriteTarget {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly dryRun: boolean;
}

/**
 * `change` gets the current object and returns the next one, `undefined` to delete it, or throws. It runs again for
 * each attempt. A change that changes nothing writes nothing.
 */
export async function rewrite(
  context: WriteContext,
  { namespace, name, dryRun }: RewriteTarget,
  change: (current: KubernetesObject) => KubernetesObject | undefined | Promise<KubernetesObject | undefined>,
): Promise<Rewritten> {
  const { definition, server } = context;
  const key = keyOf(definition, namespace, name);
  for (let attempt = 1; attempt <= rewriteAttemptsMax; attempt++) {
    const entry = await server.store.get(key);
    if (entry === undefined) throw notFound(definition, name);
    const current = objectAt(entry.value, entry.revision);
    const next = await change(current);
    try {
      if (next === undefined || isFinished(next, definition)) {
        if (dryRun) return { object: next ?? current, gone: true };
        const revision = await server.store.delete(key, entry.revision);
        return { object: next ?? objectAt(entry.value, revision), gone: true };
      }
      if (next === current || sameJson(next, current)) return { object: current, gone: false };
      if (dryRun) return { object: next, gone: false };
      const value = toValue(next);
      return { object: objectAt(value, await server.store.put(key, value, entry.revision)), gone: false };
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw error;
    }
  }
  throw modified(definition, name);
}

/** Deletion was asked for, nothing holds the object any more (registry ShouldDeleteDuringUpdate). */
function isFinished(next: KubernetesObject, { strategy }: ResourceDefinition): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = next.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false;
  return strategy.isHeld?.(next) !== true;
}
