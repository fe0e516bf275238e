// Config maps, secrets, service accounts, services, claims, roles and their bindings.
import type { JsonObject } from '../json.ts';
import { list, number, pairs, struct, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { sameJson } from '../../same-json.ts';
import { check, validateImmutable, validateLabels } from './meta.ts';
import { configKey, dnsLabel, dnsSubdomain, isPort, pathSegment, portRange, serviceName } from './names.ts';
import { validateChoice } from './pod-spec.ts';
import { validatePortNumberOrName } from './probes.ts';
import { validateClaimSpec } from './volumes.ts';

/** All data of one config map or secret. */
export const dataBytesMax = 1024 * 1024;

function validateData(errors: FieldErrors, object: JsonObject, fields: readonly string[]): void {
  const binary = fields.includes('binaryData') ? struct(object, 'binaryData') : {};
  let size = 0;
  for (const field of fields) {
    for (const [key, value] of pairs(object, field)) {
      check(errors, `${field}[${key}]`, key, configKey);
      if (field === 'data' && Object.hasOwn(binary, key))
        errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
      size += Buffer.byteLength(value);
    }
  }
  if (size > dataBytesMax) errors.tooLong('', dataBytesMax);
}

function validateImmutableData(
  errors: FieldErrors,
  object: JsonObject,
  before: JsonObject,
  fields: readonly string[],
): void {
  if (before['immutable'] !== true) return;
  if (object['immutable'] !== true) errors.forbidden('immutable', 'field is immutable when `immutable` is set');
  for (const field of fields) {
    if (!sameJson(object[field], before[field])) errors.forbidden(field, 'field is immutable when `immutable` is set');
  }
}

export const configMapRules: KindRules = {
  object: (errors, object) => validateData(errors, object, ['data', 'binaryData']),
  update: (errors, object, before) => validateImmutableData(errors, object, before, ['data', 'binaryData']),
};

/** What secrets of a type have to hold (core/validation ValidateSecret). */
const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const accountAnnotation = 'kubernetes.io/service-account.name';

function isBase64Json(value: unknown): boolean {
  try {
    JSON.parse(Buffer.from(String(value), 'base64').toString());
    return true;
  } catch {
    return false;
  }
}

function validateSecretType(errors: FieldErrors, object: JsonObject): void {
  const type = text(object, 'type');
  const data = struct(object, 'data');
  for (const key of secretKeys[type] ?? []) {
    if (!Object.hasOwn(data, key)) errors.required(`data[${key}]`);
    else if (key.startsWith('.docker') && !isBase64Json(data[key]))
      errors.invalid(`data[${key}]`, '<secret contents redacted>', 'must be JSON');
  }
  if (type === 'kubernetes.io/basic-auth' && !Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) {
    errors.required('data[username]');
    errors.required('data[password]');
  }
  const { [accountAnnotation]: account = '' } = struct(struct(object, 'metadata'), 'annotations');
  if (type === 'kubernetes.io/service-account-token' && account === '')
    errors.required(`metadata.annotations[${accountAnnotation}]`);
}

export const secretRules: KindRules = {
  object(errors, object) {
    validateData(errors, object, ['data']);
    validateSecretType(errors, object);
  },
  update(errors, object, before) {
    validateImmutable(errors, 'type', object['type'], before['type']);
    validateImmutableData(errors, object, before, ['data']);
  },
};

const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];

export const serviceRules: KindRules = {
  name: serviceName,
  object(errors, object) {
    const spec = struct(object, 'spec');
    const type = text(spec, 'type');
    const ports = list(spec, 'ports');
    validateChoice(errors, 'spec.type', type, serviceTypes);
    validateChoice(errors, 'spec.sessionAffinity', text(spec, 'sessionAffinity'), ['ClientIP', 'None']);
    validateLabels(errors, 'spec.selector', spec, 'selector');
    if (type === 'ExternalName') {
      if (text(spec, 'externalName') === '') errors.required('spec.externalName');
      else check(errors, 'spec.externalName', text(spec, 'externalName').replace(/\.$/, ''), dnsSubdomain);
    } else if (ports.length === 0 && text(spec, 'clusterIP') !== 'None') errors.required('spec.ports');
    const names = new Set<string>();
    for (const [index, port] of ports.entries())
      validateServicePort(errors, `spec.ports[${index}]`, port, ports.length > 1, names);
  },
};

function validateServicePort(
  errors: FieldErrors,
  path: string,
  port: JsonObject,
  isNameRequired: boolean,
  names: Set<string>,
): void {
  const name = text(port, 'name');
  if (name === '' && isNameRequired) errors.required(`${path}.name`);
  if (name !== '') {
    check(errors, `${path}.name`, name, dnsLabel);
    if (names.has(name)) errors.duplicate(`${path}.name`, name);
    names.add(name);
  }
  const value = number(port, 'port') ?? 0;
  if (!isPort(value)) errors.invalid(`${path}.port`, value, portRange);
  validateChoice(errors, `${path}.protocol`, text(port, 'protocol'), protocols);
  validatePortNumberOrName(errors, `${path}.targetPort`, port['targetPort']);
}

export const claimRules: KindRules = {
  object: (errors, object) => validateClaimSpec(errors, 'spec', struct(object, 'spec')),
  /** core/validation ValidatePersistentVolumeClaimUpdate. */
  update(errors, object, before) {
    const [spec, old] = [struct(object, 'spec'), struct(before, 'spec')];
    const isBound = text(struct(before, 'status'), 'phase') === 'Bound';
    if (!sameJson(fixedOf(spec, spec, isBound), fixedOf(old, spec, isBound)))
      errors.forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      );
  },
};

/** What of a claim stays; a volume and a storage class are given once to a claim without. */
function fixedOf(spec: JsonObject, next: JsonObject, isBound: boolean): JsonObject {
  const given = ['volumeName', 'storageClassName'].filter((field) => (spec[field] ?? '') === '');
  const { requests: _, ...resources } = struct(spec, 'resources');
  return {
    ...spec,
    ...Object.fromEntries(given.map((field) => [field, next[field]])),
    ...(isBound ? { resources, volumeAttributesClassName: undefined } : {}),
  };
}

export const roleRules: KindRules = {
  name: pathSegment,
  object(errors, object) {
    for (const [index, rule] of list(object, 'rules').entries()) {
      const path = `rules[${index}]`;
      const urls = texts(rule, 'nonResourceURLs').length;
      if (texts(rule, 'verbs').length === 0) errors.required(`${path}.verbs`, 'verbs must contain at least one value');
      if (urls > 0 && texts(rule, 'apiGroups').length + texts(rule, 'resources').length > 0)
        errors.invalid(
          `${path}.nonResourceURLs`,
          rule['nonResourceURLs'],
          'rules cannot apply to both regular resources and non-resource URLs',
        );
      if (urls > 0 && text(struct(object, 'metadata'), 'namespace') !== '')
        errors.invalid(
          `${path}.nonResourceURLs`,
          rule['nonResourceURLs'],
          'namespaced rules cannot apply to non-resource URLs',
        );
      if (urls > 0) continue;
      if (rule['apiGroups'] === undefined)
        errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
      if (texts(rule, 'resources').length === 0)
        errors.required(`${path}.resources`, 'resource rules must supply at least one resource');
    }
  },
};

const rbacGroup = 'rbac.authorization.k8s.io';

export const roleBindingRules: KindRules = {
  name: pathSegment,
  object(errors, object) {
    const role = struct(object, 'roleRef');
    if (text(role, 'apiGroup') !== rbacGroup)
      errors.notSupported('roleRef.apiGroup', text(role, 'apiGroup'), [rbacGroup]);
    const isClusterWide = text(struct(object, 'metadata'), 'namespace') === '';
    const kinds = isClusterWide ? ['ClusterRole'] : ['Role', 'ClusterRole'];
    if (!kinds.includes(text(role, 'kind'))) errors.notSupported('roleRef.kind', text(role, 'kind'), kinds);
    if (text(role, 'name') === '') errors.required('roleRef.name');
    else check(errors, 'roleRef.name', text(role, 'name'), pathSegment);
    // In a namespace, an account without one is of that namespace.
    for (const [index, subject] of list(object, 'subjects').entries()) {
      const kind = text(subject, 'kind');
      if (text(subject, 'name') === '') errors.required(`subjects[${index}].name`);
      if (!['ServiceAccount', 'User', 'Group'].includes(kind))
        errors.notSupported(`subjects[${index}].kind`, kind, ['ServiceAccount', 'User', 'Group']);
      else if (isClusterWide && kind === 'ServiceAccount' && text(subject, 'namespace') === '')
        errors.required(`subjects[${index}].namespace`);
    }
  },
  update(errors, object, before) {
    if (!sameJson(object['roleRef'], before['roleRef']))
      errors.invalid('roleRef', object['roleRef'], 'cannot change roleRef');
  },
};
