// The custom resources that every cluster has from its start: RolloutPolicies. Made before anybody can connect, so that
// discovery shows them from the first request on. Several API servers on one store do the same without harm, whichever
// is first; one that knows an older definition leaves the newer one alone.
import { isDeepStrictEqual } from 'node:util';
import {
  definitionVersionAnnotation,
  isReason,
  type KubernetesObject,
  type Resource,
  resources,
  type RolloutPolicyDefinition,
  rolloutPolicyDefinition,
} from '../api/index.ts';
import { type ApiServer, mastersGroup, type User } from '../apiserver/index.ts';
import type { Client } from '../client/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { createInProcessClient } from './in-process-client.ts';

export type Definition = KubernetesObject & Pick<RolloutPolicyDefinition, 'spec'>;

export const definitions: Resource<Definition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  name: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const self: User = { name: 'system:apiserver', groups: [mastersGroup] };
/** Only another API server on the same store, in the same moment, makes a second try necessary. */
const triesMax = 10;
/** It takes milliseconds where the names are free. Where somebody else has them, it never comes, and the cluster starts. */
const servedMsMax = 5_000;

/** Resolves once RolloutPolicies are served; or, with a warning in the log, when they cannot be. */
export async function ensureDefinitions(
  server: ApiServer,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<void> {
  const client = createInProcessClient(server, self, 'everynode');
  const name = rolloutPolicyDefinition.metadata.name;
  try {
    await ensure(client, rolloutPolicyDefinition);
  } catch (error) {
    if (!isReason(error, 'Invalid')) throw error;
    log.warn('the definition that is there cannot become ours', { name, error });
  }
  if (!(await isServed(server, clock))) log.warn('not served: look at the conditions of the definition', { name });
}

async function ensure(client: Client, wanted: RolloutPolicyDefinition): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const found = await find(client, wanted.metadata.name);
      if (found === undefined) await client.create(definitions, wanted);
      else if (isOutdated(found, wanted)) await client.update(definitions, updated(found, wanted));
      return;
    } catch (error) {
      if (tries === triesMax || !isReason(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
    }
  }
}

async function find(client: Client, name: string): Promise<Definition | undefined> {
  try {
    return await client.get(definitions, undefined, name);
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    return undefined;
  }
}

function isOutdated({ metadata, spec }: Definition, wanted: RolloutPolicyDefinition): boolean {
  if (metadata.deletionTimestamp !== undefined || isDeepStrictEqual(spec, wanted.spec)) return false;
  return versionOf(metadata) <= versionOf(wanted.metadata);
}

function versionOf({ annotations }: KubernetesObject['metadata']): number {
  return Number(annotations?.[definitionVersionAnnotation] ?? 0) || 0;
}

function updated(found: Definition, { metadata, spec }: RolloutPolicyDefinition): Definition {
  const annotations = { ...found.metadata.annotations, ...metadata.annotations };
  return { ...found, metadata: { ...found.metadata, annotations }, spec };
}

async function isServed(server: ApiServer, clock: Clock): Promise<boolean> {
  const { group, version, name } = resources.rolloutPolicies;
  const served = () => server.resources.find(group, version, name) !== undefined;
  if (served()) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const unsubscribe = server.resources.subscribe(() => {
    if (served()) resolve(true);
  });
  const cancel = clock.after(servedMsMax, () => resolve(false));
  const found = await promise;
  unsubscribe();
  cancel();
  return found;
}
