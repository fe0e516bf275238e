// The resources that one CustomResourceDefinition serves: one entry of the resource table for each served version. All
// versions share their objects; conversion None only exchanges the apiVersion.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import { defaultColumns } from '../printing/columns/common.ts';
import { type Conversion, defineResource, qualifiedName, type ResourceDefinition } from '../resources/definition.ts';
import { scaleSubresource } from '../resources/scale.ts';
import { compareVersions } from '../resources/version-order.ts';
import { columnsOf } from './columns.ts';
import { compileJsonPath } from './json-path.ts';
import { normalize } from './normalize.ts';
import { customSchema } from './object-schema.ts';
import { scaleAccess } from './scale.ts';
import { structureOfSchema } from './structure.ts';
import type { CustomResourceDefinition, DefinitionVersion, SchemaProps } from './types.ts';

const anything: SchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The newest version first, as discovery prefers it. */
export function resourcesOf(definition: CustomResourceDefinition): readonly ResourceDefinition[] {
  return definition.spec.versions
    .filter(({ served }) => served)
    .toSorted((a, b) => compareVersions(a.name, b.name))
    .map((version) => resourceOf(definition, version));
}

function resourceOf({ spec, metadata }: CustomResourceDefinition, version: DefinitionVersion): ResourceDefinition {
  const { group, names, scope } = spec;
  const { kind, plural, singular, listKind } = names;
  const apiVersion = `${group}/${version.name}`;
  const storage = spec.versions.find((candidate) => candidate.storage)!;
  const schema = version.schema?.openAPIV3Schema ?? anything;
  const { status, scale } = version.subresources ?? {};
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return defineResource(
    {
      group,
      version: version.name,
      name: plural,
      kind,
      namespaced: scope === 'Namespaced',
      ...(singular === undefined ? {} : { singular }),
      ...(listKind === undefined ? {} : { listKind }),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      schema: customSchema(`${apiVersion}/${kind}`, schema),
      structure: structureOfSchema(schema),
      openApi: { ...schema },
      statusSubresource: status !== undefined,
      countsGenerations: true,
      updatesNeedVersion: true,
      conversion: conversionOf(apiVersion, `${group}/${storage.name}`, schema),
      subresources: scale === undefined ? {} : { scale: scaleSubresource(scaleAccess(scale)) },
      columns: columnsOf(version.additionalPrinterColumns),
      fields: Object.fromEntries(
        (version.selectableFields ?? []).map(({ jsonPath }) => [jsonPath.slice(1), selectable(jsonPath)]),
      ),
      ...deprecationOf(spec.group, kind, version),
      strategy: {
        /** A custom status is written with nothing else (apiextensions statusStrategy), unlike that of built-in kinds. */
        prepareForStatusUpdate(next, before) {
          const { managedFields } = next.metadata;
          return {
            ...next,
            metadata: { ...before.metadata, ...(managedFields === undefined ? {} : { managedFields }) },
          };
        },
        prepareForCreate(object) {
          if (!isLeaving) return object;
          throw new StatusError(
            'MethodNotAllowed',
            `create not allowed while custom resource definition is terminating`,
            { group, kind: qualifiedName({ group, name: plural }) },
          );
        },
      },
    },
    defaultColumns,
  );
}

function deprecationOf(group: string, kind: string, { name, deprecated, deprecationWarning }: DefinitionVersion) {
  if (deprecated !== true) return {};
  return { deprecation: deprecationWarning ?? `${group}/${name} ${kind} is deprecated` };
}

/** What is read has today's defaults, also when it was stored before they were there. */
function conversionOf(served: string, stored: string, schema: SchemaProps): Conversion {
  const views = new WeakMap<KubernetesObject, KubernetesObject>();
  const as = (object: KubernetesObject, apiVersion: string) =>
    object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  return {
    toStored: (object) => as(object, stored),
    fromStored(object) {
      const known = views.get(object);
      if (known !== undefined) return known;
      const { value } = normalize(schema, as(object, served));
      views.set(object, value as KubernetesObject);
      return value as KubernetesObject;
    },
  };
}

function selectable(jsonPath: string): (object: KubernetesObject) => string | undefined {
  const read = compileJsonPath(jsonPath);
  return (object) => {
    const [found] = read(object);
    if (typeof found === 'string') return found;
    return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined;
  };
}
