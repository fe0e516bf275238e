// May this CustomResourceDefinition be stored (apiextensions validation.ValidateCustomResourceDefinition)?
import { isDnsSubdomain, isTrue } from '../../api/index.ts';
import type { JsonObject } from '../schema/json.ts';
import type { FieldErrors } from '../schema/validation/field-errors.ts';
import type { KindRules } from '../schema/validation/kind-rules.ts';
import { check, validateImmutable } from '../schema/validation/meta.ts';
import { dnsSubdomain, serviceName } from '../schema/validation/names.ts';
import { compileJsonPath } from './json-path.ts';
import { validateStructural } from './structural-rules.ts';
import type { CustomResourceDefinition, DefinitionVersion } from './types.ts';

const approval = 'api-approved.kubernetes.io';
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

export const definitionRules: KindRules = {
  object(errors, object) {
    const definition = object as unknown as CustomResourceDefinition;
    const { group, scope, names, versions, conversion, preserveUnknownFields } = definition.spec;
    if (definition.metadata.name !== `${names.plural}.${group}`)
      errors.invalid('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group');
    validateGroup(errors, definition);
    if (scope === '') errors.required('spec.scope');
    else if (scope !== 'Cluster' && scope !== 'Namespaced')
      errors.notSupported('spec.scope', scope, ['Cluster', 'Namespaced']);
    validateNames(errors, definition);
    if (preserveUnknownFields === true)
      errors.invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      );
    const strategy = conversion?.strategy ?? 'None';
    // Webhooks are not called here: a definition that relies on one must not be taken in and then not work.
    if (strategy !== 'None') errors.notSupported('spec.conversion.strategy', strategy, ['None']);
    if (versions.filter(({ storage }) => storage).length !== 1)
      errors.invalid(
        'spec.versions',
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      );
    if (new Set(versions.map(({ name }) => name)).size !== versions.length)
      errors.invalid(
        'spec.versions',
        versions.map(({ name }) => name),
        'must contain unique version names',
      );
    for (const [index, version] of versions.entries()) validateVersion(errors, version, `spec.versions[${index}]`);
  },
  update(errors, object, before) {
    const next = object as unknown as CustomResourceDefinition;
    const old = before as unknown as CustomResourceDefinition;
    if (isTrue(old.status?.conditions, 'Established')) {
      validateImmutable(errors, 'spec.scope', next.spec.scope, old.spec.scope);
      validateImmutable(errors, 'spec.names.kind', next.spec.names.kind, old.spec.names.kind);
    }
    validateImmutable(errors, 'spec.group', next.spec.group, old.spec.group);
    validateImmutable(errors, 'spec.names.plural', next.spec.names.plural, old.spec.names.plural);
    validateStoredVersions(errors, next);
  },
  status(errors, object: JsonObject) {
    validateStoredVersions(errors, object as unknown as CustomResourceDefinition);
  },
};

function validateGroup(errors: FieldErrors, { spec: { group }, metadata }: CustomResourceDefinition): void {
  if (group === '') errors.required('spec.group');
  else if (!isDnsSubdomain(group)) check(errors, 'spec.group', group, dnsSubdomain);
  else if (!group.includes('.')) errors.invalid('spec.group', group, 'should be a domain with at least one dot');
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group) || (metadata.annotations?.[approval] ?? '') !== '') return;
  errors.required(
    `metadata.annotations[${approval}]`,
    `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
  );
}

function validateNames(errors: FieldErrors, { spec: { names } }: CustomResourceDefinition): void {
  const label = (path: string, value: string) => check(errors, path, value, serviceName);
  if (names.plural === '') errors.required('spec.names.plural');
  else label('spec.names.plural', names.plural);
  if ((names.singular ?? '') !== '') label('spec.names.singular', names.singular!);
  if (names.kind === '') errors.required('spec.names.kind');
  else label('spec.names.kind', names.kind.toLowerCase());
  if ((names.listKind ?? '') !== '') label('spec.names.listKind', names.listKind!.toLowerCase());
  if (names.listKind === names.kind)
    errors.invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same');
  for (const [index, name] of (names.shortNames ?? []).entries()) label(`spec.names.shortNames[${index}]`, name);
  for (const [index, name] of (names.categories ?? []).entries()) label(`spec.names.categories[${index}]`, name);
}

function validateVersion(errors: FieldErrors, version: DefinitionVersion, path: string): void {
  check(errors, `${path}.name`, version.name, serviceName);
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) errors.required(`${path}.schema.openAPIV3Schema`, 'schemas are required');
  else validateStructural(errors, schema, `${path}.schema.openAPIV3Schema`);
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${index}]`;
    if (column.name === '') errors.required(`${at}.name`);
    if (!columnTypes.includes(column.type)) errors.notSupported(`${at}.type`, column.type, columnTypes);
    validatePath(errors, `${at}.jsonPath`, column.jsonPath);
  }
  for (const [index, { jsonPath }] of (version.selectableFields ?? []).entries())
    validatePath(errors, `${path}.selectableFields[${index}].jsonPath`, jsonPath);
  validateScale(errors, version, `${path}.subresources.scale`);
}

function validateScale(errors: FieldErrors, { subresources }: DefinitionVersion, path: string): void {
  const scale = subresources?.scale;
  if (scale === undefined) return;
  const part = (field: 'specReplicasPath' | 'statusReplicasPath' | 'labelSelectorPath', under: readonly string[]) => {
    const value = scale[field] ?? '';
    if (value === '') {
      if (field !== 'labelSelectorPath') errors.required(`${path}.${field}`);
    } else if (!/^(?:\.[A-Za-z_][\w-]*)+$/.test(value))
      errors.invalid(
        `${path}.${field}`,
        value,
        'should be a json path without array notation, must not end with a dot',
      );
    else if (!under.some((prefix) => value.startsWith(prefix)))
      errors.invalid(`${path}.${field}`, value, `should be a json path under ${under.join(' or ')}`);
  };
  part('specReplicasPath', ['.spec.']);
  part('statusReplicasPath', ['.status.']);
  part('labelSelectorPath', ['.spec.', '.status.']);
}

function validatePath(errors: FieldErrors, field: string, path: string): void {
  if (path === '') {
    errors.required(field);
    return;
  }
  try {
    compileJsonPath(path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    errors.invalid(field, path, error.message);
  }
}

function validateStoredVersions(errors: FieldErrors, { spec, status }: CustomResourceDefinition): void {
  const stored = status?.storedVersions ?? [];
  for (const [index, version] of stored.entries()) {
    if (spec.versions.some(({ name }) => name === version)) continue;
    errors.invalid(
      `status.storedVersions[${index}]`,
      version,
      `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
    );
  }
}
