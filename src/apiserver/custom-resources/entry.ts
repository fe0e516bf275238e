// CustomResourceDefinitions as a resource (apiextensions registry/customresourcedefinition/strategy.go): what is in
// them is checked here, what follows from them is done in serve.ts.
import { formatTime, withCondition } from '../../api/index.ts';
import { column, type Column } from '../printing/column.ts';
import { nameColumn } from '../printing/columns/common.ts';
import type { ResourceEntry, Strategy } from '../resources/definition.ts';
import { builtinSchema, type ObjectSchema } from '../schema/index.ts';
import { definitionRules } from './definition-rules.ts';
import type { CustomResourceDefinition, SchemaProps } from './types.ts';

/** Taken off when the last object of the resource is gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

const strategy: Strategy<CustomResourceDefinition> = {
  prepareForCreate: (definition) => ({
    ...definition,
    status: { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: storedVersions(definition) },
  }),
  prepareForUpdate: (next) => ({ ...next, status: { ...next.status, storedVersions: storedVersions(next) } }),
  beginDeletion(definition, { now }) {
    if (definition.metadata.deletionTimestamp !== undefined) return undefined;
    const { metadata, status } = definition;
    const terminating = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    };
    return {
      ...definition,
      metadata: {
        ...metadata,
        deletionTimestamp: formatTime(now),
        finalizers: [...new Set([...(metadata.finalizers ?? []), cleanupFinalizer])],
      },
      status: { ...status, conditions: withCondition(status?.conditions, terminating, formatTime(now)) },
    };
  },
};

/** Every version that objects may be stored in. */
function storedVersions({ spec, status }: CustomResourceDefinition): readonly string[] {
  const storage = spec.versions.find((version) => version.storage)?.name;
  return [...new Set([...(status?.storedVersions ?? []), ...(storage === undefined ? [] : [storage])])];
}

const types = builtinSchema('apiextensions.k8s.io/v1/CustomResourceDefinition', definitionRules);

const schema: ObjectSchema = {
  ...types,
  prepare(object, options) {
    const prepared = types.prepare(object, options);
    const { spec } = prepared.object as CustomResourceDefinition;
    const ruled = (spec.versions ?? []).filter(({ schema: of }) => hasRules(of?.openAPIV3Schema));
    const warnings = ruled.map(
      ({ name }) => `version ${name}: x-kubernetes-validations are kept but not evaluated by this server`,
    );
    return { ...prepared, warnings: [...prepared.warnings, ...warnings] };
  },
};

function hasRules(value: SchemaProps | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, 'x-kubernetes-validations')) return true;
  const { properties = {}, items, additionalProperties } = value;
  return [...Object.values(properties), items, additionalProperties].some(
    (part) => typeof part === 'object' && hasRules(part),
  );
}

const columns: readonly Column<CustomResourceDefinition>[] = [
  nameColumn,
  column(
    'Created At',
    'Time at which the object was created.',
    ({ metadata }) => metadata.creationTimestamp ?? '<unknown>',
    'date',
  ),
];

export const definitionEntry: ResourceEntry<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  name: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  statusSubresource: true,
  countsGenerations: true,
  updatesNeedVersion: true,
  schema,
  columns,
  strategy,
};
