// update and patch, of an object and of its status.
import { isReason, type KubernetesObject, StatusError } from '../../api/index.ts';
import { conflict, unauthorizedAction } from '../errors.ts';
import { applyPatch, badPatch, goText, updateManagedFields } from '../patch/index.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { groupVersionOf, qualifiedName, type ResourceDefinition, type WriteContext } from '../resources/definition.ts';
import { FieldErrors, type Prepared } from '../schema/index.ts';
import { decodeBody, settleName, settleNamespace } from './body.ts';
import { createPrepared, warningsOf } from './create.ts';
import { metadataForUpdate, withGeneration } from './metadata.ts';
import { fieldManagerOf, fieldValidationOf, flagOf, isDryRun, managerOf } from './parameters.ts';
import { shown } from './read.ts';
import { rewrite } from './rewrite.ts';

export async function updateObject(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition } = context;
  const { object, warnings } = definition.schema.prepare(decodeBody(definition, request.body), {
    fieldValidation: fieldValidationOf(request.query),
    ...(request.duplicates === undefined ? {} : { duplicates: request.duplicates }),
  });
  const wanted = settleName(settleNamespace(object, namespaceOf(context, request)), request);
  let said: readonly string[] = [];
  try {
    const { object: written } = await rewrite(context, targetOf(context, request), (current) => {
      const next = settle(context, request, definition.conversion?.toStored(wanted) ?? wanted, current);
      if (request.subresource === undefined) said = warningsOf(definition, next, current);
      return next;
    });
    return { code: 200, body: shown(definition, written), warnings: [...warnings, ...said] };
  } catch (error) {
    if (!definition.createsOnUpdate || request.subresource !== undefined || !isReason(error, 'NotFound')) throw error;
    await requireCreate(context, request);
    return { code: 201, body: await createPrepared(context, wanted, request), warnings };
  }
}

export async function patchObject(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition } = context;
  const { patchType, subresource, query } = request;
  if (patchType === undefined) throw new StatusError('UnsupportedMediaType', 'the patch has no content type');
  const applies = patchType === 'application/apply-patch+yaml';
  const options = {
    resourceKey: definition.schemaKey,
    ...(definition.structure === undefined ? {} : { structure: definition.structure }),
    fieldManager: fieldManagerOf(query, request.userAgent),
    force: flagOf(query, 'force') === true,
    now: context.now,
    hasStatusSubresource: definition.statusSubresource,
    ...(subresource === undefined ? {} : { subresource }),
  };
  let warnings: readonly string[] = [];
  const patched = (current: KubernetesObject | undefined): KubernetesObject => {
    const result = decodeBody(definition, applyPatch(patchType, current, request.body, options));
    const prepared = prepareOrBlamePatch(definition, request, result);
    warnings = prepared.warnings;
    return settleName(settleNamespace(prepared.object, namespaceOf(context, request)), request);
  };
  try {
    const { object: written } = await rewrite(context, targetOf(context, request), (current) => {
      const wanted = patched(shown(definition, current));
      const next = settle(context, request, definition.conversion?.toStored(wanted) ?? wanted, current);
      if (subresource === undefined) warnings = [...warnings, ...warningsOf(definition, next, current)];
      return next;
    });
    return { code: 200, body: shown(definition, written), warnings };
  } catch (error) {
    // Server-side apply of an object that does not exist creates it.
    if (!applies || subresource !== undefined || !isReason(error, 'NotFound')) throw error;
    await requireCreate(context, request);
    const wanted = patched(undefined);
    const { uid = '' } = wanted.metadata;
    if (uid !== '')
      throw conflict(
        definition,
        request.name ?? '',
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    const body = await createPrepared(context, wanted, request);
    return { code: 201, body, warnings: [...warnings, ...warningsOf(definition, body)] };
  }
}

/** Whoever may change what is there may not therefore make what is not (apiserver handlers withAuthorization). */
async function requireCreate({ server, definition, user }: WriteContext, request: ApiRequest): Promise<void> {
  const { group, name: resource } = definition;
  const { namespace, name } = request;
  const attributes = { user, verb: 'create', group, resource, namespace, name };
  const { allowed, reason } = await server.authorize(attributes);
  if (!allowed) throw unauthorizedAction(attributes, reason);
}

/** A patch whose result cannot be decoded is itself what is invalid (handlers/patch.go). */
function prepareOrBlamePatch(
  { schema, group, version, kind }: ResourceDefinition,
  { patchType, body, query, duplicates, namespace = '', name = '' }: ApiRequest,
  result: KubernetesObject,
): Prepared {
  const options = { fieldValidation: fieldValidationOf(query), ...(duplicates === undefined ? {} : { duplicates }) };
  if (patchType === 'application/apply-patch+yaml') {
    const { unknown } = schema.prepare(result, { fieldValidation: 'Ignore' });
    if (unknown.length === 0) return schema.prepare(result, options);
    const paths = unknown.map((path) => `.${path}: field not declared in schema`);
    const what = `failed to create typed patch object (${namespace}/${name}; ${groupVersionOf({ group, version })}, Kind=${kind})`;
    throw badPatch(
      `${what}: ${paths.length === 1 ? paths[0] : `errors:\n${paths.map((path) => `  ${path}`).join('\n')}`}`,
    );
  }
  try {
    return schema.prepare(result, options);
  } catch (error) {
    if (!(error instanceof StatusError) || !isReason(error, 'BadRequest')) throw error;
    const why = error.message.replace(/^.* cannot be handled as a [^:]*: /, '');
    const shows = patchType === 'application/strategic-merge-patch+json' ? goText(body) : JSON.stringify(result);
    const message = `Invalid value: ${JSON.stringify(shows.slice(0, shownLengthMax))}: ${why}`;
    const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
    throw new StatusError('Invalid', ` "" is invalid: patch: ${message}`, { causes });
  }
}

/** Of a patch or an object in a refusal. */
const shownLengthMax = 64 * 1024;

/** What of the wanted object takes effect on the current one: the spec's writer leaves the status and vice versa. */
function settle(
  context: WriteContext,
  request: ApiRequest,
  wanted: KubernetesObject,
  before: KubernetesObject,
): KubernetesObject {
  const { definition, now } = context;
  const { strategy, schemaKey } = definition;
  const { subresource } = request;
  if (definition.updatesNeedVersion) requireVersion(definition, wanted);
  if (request.verb === 'patch') requireSameUid(definition, wanted, before);
  const metadata = metadataForUpdate(wanted, before, context);
  let next: KubernetesObject;
  if (subresource === 'status') {
    next = withStatus({ ...before, metadata }, statusOf(wanted));
    next = strategy.prepareForStatusUpdate?.(next, before, context) ?? next;
  } else if (subresource !== undefined) {
    const taken = strategy.prepareForSubresource?.(wanted, before, subresource) ?? before;
    const { managedFields } = metadata;
    next = { ...taken, metadata: { ...before.metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
    next = withGeneration(next, before, definition);
  } else {
    next = { ...wanted, metadata };
    if (definition.statusSubresource) next = withStatus(next, statusOf(before));
    next = withGeneration(strategy.prepareForUpdate?.(next, before, context) ?? next, before, definition);
  }
  definition.schema.validateUpdate(
    shown(definition, next),
    shown(definition, before),
    subresource === undefined ? {} : { subresource },
  );
  if (request.patchType === 'application/apply-patch+yaml') return next;
  return updateManagedFields(before, next, {
    resourceKey: schemaKey,
    ...(definition.structure === undefined ? {} : { structure: definition.structure }),
    ...managerOf(request),
    now,
    ...(subresource === undefined ? {} : { subresource }),
  });
}

/** An update of whatever stands there is not for kinds that several write to (rest.BeforeUpdate). */
function requireVersion(definition: ResourceDefinition, { metadata }: KubernetesObject): void {
  const { name = '', resourceVersion = '' } = metadata;
  if (resourceVersion !== '' && resourceVersion !== '0') return;
  const field = 'metadata.resourceVersion';
  const message = 'Invalid value: 0: must be specified for an update';
  throw new StatusError('Invalid', `${qualifiedName(definition)} "${name}" is invalid: ${field}: ${message}`, {
    name,
    ...(definition.group === '' ? {} : { group: definition.group }),
    kind: definition.name,
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });
}

/** In an update the UID is a precondition; a patch that sets another is a wrong patch. */
function requireSameUid({ schemaKey }: ResourceDefinition, wanted: KubernetesObject, before: KubernetesObject): void {
  const { uid = '' } = wanted.metadata;
  if (uid === '' || uid === before.metadata.uid) return;
  const errors = new FieldErrors();
  errors.invalid('metadata.uid', uid, 'field is immutable');
  errors.throwIfAny(schemaKey, before.metadata.name ?? '');
}

function statusOf(object: KubernetesObject): unknown {
  return (object as { readonly status?: unknown }).status;
}

function withStatus(object: KubernetesObject, status: unknown): KubernetesObject {
  const { status: _, ...rest } = object as KubernetesObject & { readonly status?: unknown };
  return status === undefined ? rest : ({ ...rest, status } as KubernetesObject);
}

function namespaceOf(context: WriteContext, request: ApiRequest): string | undefined {
  return context.definition.namespaced ? request.namespace : undefined;
}

function targetOf(context: WriteContext, request: ApiRequest) {
  return { namespace: namespaceOf(context, request), name: request.name ?? '', dryRun: isDryRun(request.query) };
}
