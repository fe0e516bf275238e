// get and list.
import { type KubernetesList, type KubernetesObject, StatusError } from '../../api/index.ts';
import { CompactedError, FutureRevisionError, type Range, type RangeOptions } from '../../store/index.ts';
import type { ServerContext } from '../context.ts';
import { expired, notFound } from '../errors.ts';
import type { ApiRequest } from '../request.ts';
import { groupVersionOf, type ResourceDefinition } from '../resources/definition.ts';
import { compileSelection } from '../selection.ts';
import { keyOf, objectAt, prefixOf, stored } from '../storage.ts';
import { encodeContinue } from './continue-token.ts';
import { listOptionsOf } from './list-options.ts';
import { resourceVersionOf } from './parameters.ts';

/** How many keys a selective page reads at a time while it looks for matches. */
const scanKeys = 500;

export async function getObject(
  server: ServerContext,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
): Promise<KubernetesObject> {
  const entry = await server.store.get(keyOf(definition, namespace, name));
  if (entry === undefined) throw notFound(definition, name);
  return shown(definition, objectAt(entry.value, entry.revision));
}

/** The get of a request: an object that is at least as new as the request wants. */
export function readObject(
  server: ServerContext,
  definition: ResourceDefinition,
  { namespace, name = '', query }: Pick<ApiRequest, 'namespace' | 'name' | 'query'>,
): Promise<KubernetesObject> {
  const revision = resourceVersionOf(query) ?? 0;
  const read = () => getObject(server, definition, namespace, name);
  return revision === 0 ? read() : refuseFuture(server, revision).then(read);
}

export async function listObjects(
  server: ServerContext,
  definition: ResourceDefinition,
  request: Pick<ApiRequest, 'namespace' | 'name' | 'query'>,
): Promise<KubernetesList<KubernetesObject>> {
  const { query, namespace } = request;
  const selection = compileSelection(definition, query, request.name);
  const { limit, token, exactly, notOlderThan } = listOptionsOf(query);
  // The newest is new enough for everyone whose version exists.
  const wanted = exactly ?? notOlderThan;
  if (wanted !== undefined) await refuseFuture(server, wanted);

  const exact = selection.name !== undefined && (namespace !== undefined || !definition.namespaced);
  const prefix = exact ? keyOf(definition, namespace, selection.name) : prefixOf(definition, namespace);
  const items: KubernetesObject[] = [];
  let after = token?.after;
  let revision = token?.revision ?? exactly;
  let remaining = 0;
  for (;;) {
    // Without selectors a page is one read. With them, pages are read until enough objects match.
    const size = limit === 0 ? undefined : exact || !selection.everything ? scanKeys : limit;
    const page = await readRange(server, prefix, {
      ...(size === undefined ? {} : { limit: size }),
      ...(after === undefined ? {} : { after }),
      ...(revision === undefined ? {} : { revision }),
    });
    revision = page.revision;
    remaining = page.remaining;
    for (const [index, entry] of page.entries.entries()) {
      if (exact && entry.key !== prefix) continue;
      if (!selection.everything && !selection.matches(stored(entry.value))) continue;
      items.push(shown(definition, objectAt(entry.value, entry.revision)));
      after = entry.key;
      if (limit > 0 && items.length === limit) {
        remaining += page.entries.length - index - 1;
        break;
      }
    }
    if (remaining === 0 || limit === 0 || items.length === limit) break;
    after = page.entries.at(-1)!.key;
  }

  const more = limit > 0 && items.length === limit && remaining > 0 && !exact;
  return {
    kind: definition.listKind,
    apiVersion: groupVersionOf(definition),
    metadata: {
      resourceVersion: String(revision),
      ...(more ? { continue: encodeContinue({ revision, after: after! }) } : {}),
      // Unknown to a server that has to look at each object, hence absent with selectors (ListMeta).
      ...(more && selection.everything ? { remainingItemCount: remaining } : {}),
    },
    items,
  };
}

/** The object in the shape that this resource serves. */
export function shown(definition: ResourceDefinition, object: KubernetesObject): KubernetesObject {
  return definition.conversion === undefined ? object : definition.conversion.fromStored(object);
}

/** A resourceVersion nobody has seen yet: retry later (storage.NewTooLargeResourceVersionError). */
export async function refuseFuture(server: ServerContext, revision: number): Promise<void> {
  const current = await server.store.revision();
  if (revision <= current) return;
  throw new StatusError('Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

async function readRange(server: ServerContext, prefix: string, options: RangeOptions): Promise<Range> {
  try {
    return await server.store.range(prefix, options);
  } catch (error) {
    // A token from another life of the cluster names a revision that this one has not reached: gone, as any old one.
    if (!(error instanceof CompactedError || error instanceof FutureRevisionError)) throw error;
    const { after } = options;
    if (after === undefined) throw expired('The resourceVersion for the provided list is too old.');
    throw expired(continueExpired, encodeContinue({ revision: undefined, after }));
  }
}

/** storage/etcd3 handleCompactedErrorForPaging */
const continueExpired =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';
