// The scale subresource: how many replicas are wanted and there, in one shape for every kind (autoscaling/v1 Scale).
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/#get-read-scale
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import { applyPatch, updateManagedFields } from '../patch/index.ts';
import { scaleColumns } from '../printing/columns/workloads.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { builtinSchema } from '../schema/index.ts';
import { decodeBody, settleName } from '../verbs/body.ts';
import { metadataForUpdate, withGeneration } from '../verbs/metadata.ts';
import { fieldManagerOf, fieldValidationOf, isDryRun, managerOf } from '../verbs/parameters.ts';
import { getObject, shown } from '../verbs/read.ts';
import { rewrite } from '../verbs/rewrite.ts';
import type { Subresource, WriteContext } from './definition.ts';

/** Where a kind keeps what its Scale says. */
export interface ScaleAccess {
  /** Undefined: not set. */
  readonly wanted: (object: KubernetesObject) => number | undefined;
  readonly present: (object: KubernetesObject) => number;
  /** The selector of its pods as text. */
  readonly selector: (object: KubernetesObject) => string | undefined;
  readonly withWanted: (object: KubernetesObject, replicas: number) => KubernetesObject;
}

interface Scale extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
}

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const schemaKey = 'autoscaling/v1/Scale';
const schema = builtinSchema(schemaKey);

export function scaleSubresource(access: ScaleAccess): Subresource {
  return {
    ...scaleKind,
    verbs: ['get', 'patch', 'update'],
    columns: scaleColumns,
    async handle(context, request) {
      if (request.verb === 'get') {
        const { namespace, name = '' } = request;
        const object = await getObject(context.server, context.definition, namespace, name);
        return { code: 200, body: scaleOf(access, object) };
      }
      return writeScale(access, context, request);
    },
  };
}

async function writeScale(access: ScaleAccess, context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition } = context;
  const { query, name = '' } = request;
  const target = {
    namespace: definition.namespaced ? request.namespace : undefined,
    name,
    dryRun: isDryRun(query),
  };
  let warnings: readonly string[] = [];
  const wantedScale = (current: KubernetesObject): Scale => {
    const body = request.verb === 'patch' ? patched(context, request, scaleOf(access, current)) : request.body;
    const prepared = schema.prepare(decodeBody(scaleKind, body), { fieldValidation: fieldValidationOf(query) });
    warnings = prepared.warnings;
    return settleName(prepared.object, request);
  };
  const { object } = await rewrite(context, target, (stored) => {
    const current = shown(definition, stored);
    const scale = wantedScale(current);
    const replicas = scale.spec?.replicas ?? 0;
    if (replicas < 0)
      throw new StatusError(
        'Invalid',
        `Scale.autoscaling "${name}" is invalid: spec.replicas: Invalid value: ${replicas}: must be greater than or equal to 0`,
        {
          name,
          group: 'autoscaling',
          kind: 'Scale',
          causes: [
            {
              reason: 'FieldValueInvalid',
              message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
              field: 'spec.replicas',
            },
          ],
        },
      );
    // For the optimistic lock alone: the rest of the metadata is not a Scale's to write.
    metadataForUpdate(scale, stored, context);
    const next = access.withWanted(current, replicas);
    definition.schema.validateUpdate(next, current);
    const written = withGeneration(definition.conversion?.toStored(next) ?? next, stored, definition);
    const recorded = updateManagedFields(stored, written, {
      resourceKey: definition.schemaKey,
      ...(definition.structure === undefined ? {} : { structure: definition.structure }),
      ...managerOf(request),
      now: context.now,
      subresource: 'scale',
    });
    return takesOver(stored, recorded) ? recorded : written;
  });
  return { code: 200, body: scaleOf(access, shown(definition, object)), warnings };
}

/** Who scales is recorded where somebody is known to have set the replicas (managedfields scalehandler). */
function takesOver(before: KubernetesObject, after: KubernetesObject): boolean {
  const left = new Set(after.metadata.managedFields?.map((entry) => JSON.stringify(entry)));
  return before.metadata.managedFields?.some((entry) => !left.has(JSON.stringify(entry))) ?? false;
}

function patched({ now }: WriteContext, request: ApiRequest, scale: Scale): KubernetesObject {
  if (request.patchType === undefined) throw new StatusError('UnsupportedMediaType', 'the patch has no content type');
  return applyPatch(request.patchType, scale, request.body, {
    resourceKey: schemaKey,
    fieldManager: fieldManagerOf(request.query, request.userAgent),
    now,
  });
}

function scaleOf(access: ScaleAccess, object: KubernetesObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = access.selector(object);
  const replicas = access.wanted(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: { replicas: access.present(object), ...(selector === undefined ? {} : { selector }) },
  } as Scale;
}
