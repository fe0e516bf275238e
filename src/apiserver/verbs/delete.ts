// delete and deletecollection: preconditions, grace periods, finalizers (apiserver registry/rest BeforeDelete and
// generic/registry/store.go Delete). What an owner's deletion does to its dependents is the garbage collector's work;
// here only the finalizers that ask for it are set.
import {
  type DeleteOptions,
  formatTime,
  isReason,
  type KubernetesObject,
  parseTime,
  type Status,
  StatusError,
} from '../../api/index.ts';
import { preconditionFailed } from '../errors.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { WriteContext } from '../resources/definition.ts';
import { FieldErrors } from '../schema/index.ts';
import { isRecord } from './body.ts';
import { flagOf, integerOf, optionsGroupVersion } from './parameters.ts';
import { listObjects, shown } from './read.ts';
import { rewrite } from './rewrite.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
const propagationPolicies = ['Background', 'Foreground', 'Orphan'];
/** Deletes of one deletecollection that run at the same time. */
const collectionDeletesInFlightMax = 32;

export async function deleteObject(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition } = context;
  const options = deleteOptionsOf(request);
  const name = request.name ?? '';
  const { object, gone } = await deleteOne(context, request.namespace, name, options);
  if (gone && !definition.returnsDeleted) return { code: 200, body: deletedStatus(context, object) };
  // Upstream's own exception: the deprecated spelling alone is told that it has to wait.
  const waits = !gone && options.orphanDependents === false;
  return { code: waits ? 202 : 200, body: shown(definition, object) };
}

export async function deleteCollection(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const options = deleteOptionsOf(request);
  const list = await listObjects(context.server, context.definition, request);
  const left = [...list.items];
  const { preconditions } = options;
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      const uid = item.metadata.uid!;
      try {
        await deleteOne(context, item.metadata.namespace, item.metadata.name!, {
          ...options,
          preconditions: { uid, ...preconditions },
        });
      } catch (error) {
        // Gone already, or replaced by another of that name: either way not what was listed.
        if (!isReason(error, 'NotFound', 'Conflict')) throw error;
        if (preconditions !== undefined && isReason(error, 'Conflict')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: collectionDeletesInFlightMax }, worker));
  return { code: 200, body: list };
}

interface Options extends DeleteOptions {
  /** Deprecated spelling of propagationPolicy. */
  readonly orphanDependents?: boolean;
}

function deleteOne(context: WriteContext, namespace: string | undefined, name: string, options: Options) {
  const { definition } = context;
  const dryRun = options.dryRun?.includes('All') ?? false;
  const target = { namespace: definition.namespaced ? namespace : undefined, name, dryRun };
  return rewrite(context, target, (current) => markForDeletion(context, current, options));
}

/** The object on its way out, or undefined when nothing holds it. */
function markForDeletion(
  context: WriteContext,
  object: KubernetesObject,
  options: Options,
): KubernetesObject | undefined {
  const { definition, now } = context;
  checkPreconditions(context, object, options);
  definition.strategy.admitDelete?.(object, context);
  const stepwise = definition.strategy.beginDeletion?.(object, context);
  if (stepwise !== undefined) return stepwise;

  const finalizers = finalizersFor(object, options);
  const requested = definition.strategy.gracePeriodSeconds?.(object, options.gracePeriodSeconds) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const already = deletionTimestamp !== undefined;
  // A later delete may shorten the grace period, never lengthen it.
  const pending = already ? (deletionGracePeriodSeconds ?? 0) : requested;
  const asked = already && options.gracePeriodSeconds === undefined ? pending : requested;
  const grace = Math.min(pending, asked);
  if (grace === 0 && finalizers.length === 0) return undefined;
  if (already && grace === pending) return withFinalizers(object, finalizers);
  const { generation } = object.metadata;
  return withFinalizers(
    {
      ...object,
      metadata: {
        ...object.metadata,
        deletionTimestamp: formatTime((already ? parseTime(deletionTimestamp)! - pending * 1000 : now) + grace * 1000),
        deletionGracePeriodSeconds: grace,
        // Asking for deletion is a change of desire (rest.BeforeDelete, store.markAsDeleting).
        ...(generation === undefined || generation === 0 || already ? {} : { generation: generation + 1 }),
      },
    },
    finalizers,
  );
}

function checkPreconditions(context: WriteContext, object: KubernetesObject, { preconditions }: Options): void {
  const { definition } = context;
  const { uid, resourceVersion, name = '' } = object.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid)
    throw preconditionFailed(
      definition,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
    throw preconditionFailed(
      definition,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
}

/** The propagation policy becomes a finalizer that the garbage collector takes off when it has done its part. */
function finalizersFor(object: KubernetesObject, options: Options): readonly string[] {
  const current = object.metadata.finalizers ?? [];
  const policy = options.propagationPolicy ?? policyOf(options.orphanDependents);
  // Without a policy, an earlier request's finalizer stays; the default for all v1 kinds is background.
  if (policy === undefined) return current;
  const others = current.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (policy === 'Orphan') return [...others, orphanFinalizer];
  return policy === 'Foreground' ? [...others, foregroundFinalizer] : others;
}

function policyOf(orphanDependents: boolean | undefined): Options['propagationPolicy'] {
  if (orphanDependents === undefined) return undefined;
  return orphanDependents ? 'Orphan' : 'Background';
}

function withFinalizers(object: KubernetesObject, finalizers: readonly string[]): KubernetesObject {
  const { finalizers: before = [], ...metadata } = object.metadata;
  if (before.length === finalizers.length && before.every((finalizer, index) => finalizer === finalizers[index]))
    return object;
  return { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
}

/** Options come in the body or, for plain HTTP clients, as query parameters. */
function deleteOptionsOf(request: ApiRequest): Options {
  const { body, query } = request;
  if (body !== undefined && body !== null && !isRecord(body))
    throw new StatusError('BadRequest', 'the request body is not a DeleteOptions object');
  const given = (body ?? {}) as Options & { readonly gracePeriodSeconds?: number | null; readonly kind?: string };
  // Of any version: each group has them.
  if ((given.kind ?? '') !== '' && given.kind !== 'DeleteOptions')
    throw new StatusError('BadRequest', `${JSON.stringify(given.kind)} in the request body is not DeleteOptions`);
  const grace = given.gracePeriodSeconds ?? integerOf(query, 'gracePeriodSeconds');
  const policy = given.propagationPolicy ?? query?.propagationPolicy;
  const orphans = given.orphanDependents ?? flagOf(query, 'orphanDependents');
  const dryRun = given.dryRun ?? (query?.dryRun === undefined ? undefined : [query.dryRun]);
  const errors = new FieldErrors();
  if (policy !== undefined && !propagationPolicies.includes(policy))
    errors.notSupported('propagationPolicy', policy, [...propagationPolicies, 'nil']);
  if (policy !== undefined && orphans !== undefined)
    errors.invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set');
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace)))
    errors.invalid('gracePeriodSeconds', grace, 'must be an integer');
  if (dryRun !== undefined && (!Array.isArray(dryRun) || dryRun.some((value) => value !== 'All')))
    errors.notSupported('dryRun', dryRun, ['All']);
  errors.throwIfAny(`${optionsGroupVersion}/DeleteOptions`, '');
  return {
    // A negative grace period is the shortest there is (BeforeDelete).
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace < 0 ? 1 : grace }),
    ...(policy === undefined ? {} : { propagationPolicy: policy as NonNullable<Options['propagationPolicy']> }),
    ...(typeof orphans === 'boolean' ? { orphanDependents: orphans } : {}),
    ...(isRecord(given.preconditions) ? { preconditions: given.preconditions } : {}),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}

function deletedStatus(context: WriteContext, object: KubernetesObject): Status {
  const { group, name: kind } = context.definition;
  const { name, uid } = object.metadata;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: name!, ...(group === '' ? {} : { group }), kind, uid: uid! },
  };
}
