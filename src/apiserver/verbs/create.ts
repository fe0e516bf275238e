// create: from a body to a stored object.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import { RevisionMismatchError } from '../../store/index.ts';
import { alreadyExists, forbidden, notFound } from '../errors.ts';
import { updateManagedFields } from '../patch/index.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { groupVersionOf, type ResourceDefinition, type WriteContext } from '../resources/definition.ts';
import { keyOf, objectAt, stored, toValue } from '../storage.ts';
import { decodeBody, settleName, settleNamespace } from './body.ts';
import { generateName, metadataForCreate } from './metadata.ts';
import { fieldValidationOf, isDryRun, managerOf } from './parameters.ts';
import { shown } from './read.ts';

/** A generated name may be taken: upstream tries eight times (KEP-4420). */
const generatedNameAttemptsMax = 8;

export async function createObject(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition } = context;
  const decoded = decodeBody(definition, request.body);
  const { object, warnings } = definition.schema.prepare(decoded, {
    fieldValidation: fieldValidationOf(request.query),
    ...(request.duplicates === undefined ? {} : { duplicates: request.duplicates }),
  });
  const placed = settleNamespace(object, definition.namespaced ? request.namespace : undefined);
  const created = await createPrepared(
    context,
    request.name === undefined ? placed : settleName(placed, request),
    request,
  );
  return { code: 201, body: created, warnings: [...warnings, ...warningsOf(definition, created)] };
}

/** What the kind has to say of a write that was accepted. */
export function warningsOf(
  { strategy }: ResourceDefinition,
  object: KubernetesObject,
  before?: KubernetesObject,
): readonly string[] {
  return strategy.warnings?.(object, before) ?? [];
}

/** The rest of create for an object that prepare() has seen; also for patches and updates that create. */
export async function createPrepared(
  context: WriteContext,
  prepared: KubernetesObject,
  request: ApiRequest,
): Promise<KubernetesObject> {
  const { definition } = context;
  const converted = definition.conversion?.toStored(prepared) ?? prepared;
  if (definition.namespaced) await admitNamespace(context, converted);
  const { name = '', generateName: base = '' } = converted.metadata;
  if (name === '' && base === '')
    throw new StatusError(
      'Invalid',
      `${definition.kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
      {
        kind: definition.kind,
        ...(definition.group === '' ? {} : { group: definition.group }),
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: name or generateName is required',
            field: 'metadata.name',
          },
        ],
      },
    );
  for (let attempt = 1; ; attempt++) {
    const named = name === '' ? generateName(base, context) : name;
    try {
      return await store(context, await complete(context, converted, named, request), isDryRun(request.query));
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw error;
      if (name === '' && attempt < generatedNameAttemptsMax) continue;
      throw alreadyExists(definition, named);
    }
  }
}

async function complete(
  context: WriteContext,
  prepared: KubernetesObject,
  name: string,
  request: ApiRequest,
): Promise<KubernetesObject> {
  const { definition } = context;
  const { status, ...rest } = prepared as KubernetesObject & { readonly status?: unknown };
  const bare: KubernetesObject = {
    ...rest,
    metadata: { ...metadataForCreate(prepared, context), name },
    ...(definition.keepsStatusOnCreate ? (status === undefined ? {} : { status }) : emptyStatusOf(definition)),
  };
  const object = (await definition.strategy.prepareForCreate?.(bare, context)) ?? bare;
  definition.schema.validateCreate(shown(definition, object));
  if (request.patchType === 'application/apply-patch+yaml') return object;
  // The status that comes with it is the server's, or its agent's, not the writer's.
  const own = definition.statusSubresource ? withoutStatus(object) : object;
  const { metadata } = updateManagedFields(undefined, own, {
    resourceKey: definition.schemaKey,
    ...(definition.structure === undefined ? {} : { structure: definition.structure }),
    ...managerOf(request),
    now: context.now,
  });
  return metadata === object.metadata ? object : { ...object, metadata };
}

/** What a kind that reports on itself says before anybody does: `desiredNumberScheduled: 0`. */
function emptyStatusOf(definition: ResourceDefinition): { readonly status?: unknown } {
  let known = emptyStatuses.get(definition);
  if (known === undefined) {
    const empty = { apiVersion: groupVersionOf(definition), kind: definition.kind, metadata: {} };
    const { status } = definition.schema.prepare(empty, { fieldValidation: 'Ignore' }).object as { status?: unknown };
    known = status === undefined ? {} : { status };
    emptyStatuses.set(definition, known);
  }
  return known;
}

const emptyStatuses = new WeakMap<ResourceDefinition, { readonly status?: unknown }>();

function withoutStatus(object: KubernetesObject): KubernetesObject {
  const { status: _, ...rest } = object as KubernetesObject & { readonly status?: unknown };
  return rest;
}

async function store(context: WriteContext, object: KubernetesObject, dryRun: boolean): Promise<KubernetesObject> {
  const { definition, server } = context;
  const { namespace, name = '' } = object.metadata;
  const key = keyOf(definition, namespace, name);
  const value = toValue(object);
  if (dryRun) {
    const entry = await server.store.get(key);
    if (entry !== undefined) throw new RevisionMismatchError(key, entry.revision);
    return shown(definition, object);
  }
  const revision = await server.store.put(key, value, 0);
  return shown(definition, objectAt(value, revision));
}

/** Objects are only made in namespaces that exist and are not going away (NamespaceLifecycle admission). */
async function admitNamespace(context: WriteContext, object: KubernetesObject): Promise<void> {
  const { definition, server } = context;
  const { namespace = '', name = '' } = object.metadata;
  if (namespace === '') throw new StatusError('BadRequest', 'an empty namespace may not be set during creation');
  const entry = await server.store.get(keyOf({ storage: 'namespaces', namespaced: false }, undefined, namespace));
  if (entry === undefined) throw notFound({ group: '', name: 'namespaces' }, namespace);
  if (stored(entry.value).metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  throw forbidden(definition, name, why, [cause]);
}
