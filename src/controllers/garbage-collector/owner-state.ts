// Is an owner there? The graph knows most; what it does not know is asked of the API server, because a missing owner
// costs its dependents their lives and a cache may lag. UIDs never come back, so an absent one is remembered.
import { apiVersionOf, isReason, type OwnerReference, type Resource } from '../../api/index.ts';
import type { Client, ServedResources } from '../../client/index.ts';
import { isWaitingForDependents, type OwnerState } from './decide.ts';
import type { OwnedObject, OwnerGraph } from './owner-graph.ts';

/** client-go's absentOwnerCache has 500; a UID is 36 bytes. */
const absentUidsMax = 5000;

export interface OwnerStates {
  /** Rejects with the client's StatusError when it cannot be known now. */
  of(reference: OwnerReference, dependent: OwnedObject): Promise<OwnerState>;
}

export function createOwnerStates(
  client: Client,
  graph: OwnerGraph,
  resources: ServedResources,
  signal: AbortSignal,
): OwnerStates {
  const kindsOf = () => new Map(resources.all().map((one) => [`${apiVersionOf(one)}/${one.kind}`, one]));
  let byKind = kindsOf();
  signal.addEventListener(
    'abort',
    resources.subscribe(() => (byKind = kindsOf())),
    { once: true },
  );
  const absent = new Set<string>();
  const asked = new Map<string, Promise<OwnerState>>();

  const ask = async (
    resource: Resource,
    namespace: string | undefined,
    { name, uid }: OwnerReference,
  ): Promise<OwnerState> => {
    try {
      const live = await client.get(resource, namespace, name, { signal });
      if (live.metadata.uid === uid) return 'present';
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
    absent.add(uid);
    if (absent.size > absentUidsMax) absent.delete(absent.values().next().value!);
    return 'absent';
  };

  return {
    async of(reference, dependent) {
      const { apiVersion, kind, name, uid } = reference;
      const known = graph.get(uid);
      // A namespaced owner counts only in its own namespace; so does one of another kind or name than the reference says.
      const isIt =
        known !== undefined &&
        known.resource.kind === kind &&
        known.name === name &&
        (!known.resource.namespaced || known.namespace === dependent.namespace);
      if (isIt) return isWaitingForDependents(known) ? 'waiting' : 'present';
      const resource = byKind.get(`${apiVersion}/${kind}`);
      // A kind that nobody here serves cannot be looked up: better a leftover than a wrong deletion.
      if (resource === undefined) return 'present';
      if (resource.namespaced && dependent.namespace === undefined) return 'present';
      const namespace = resource.namespaced ? dependent.namespace : undefined;
      const key = JSON.stringify([apiVersion, kind, namespace, name, uid]);
      if (absent.has(uid) && known === undefined) return 'absent';
      // A thousand pods of one vanished owner ask once.
      const question = asked.get(key) ?? ask(resource, namespace, reference).finally(() => asked.delete(key));
      asked.set(key, question);
      return question;
    },
  };
}
