// Environment variables and what they may be read from (core/validation ValidateEnv, ValidateEnvFrom).
import type { JsonObject } from '../json.ts';
import { list, optional, text } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { check } from './meta.ts';
import { configKey, dnsSubdomain, environmentName, qualifiedName } from './names.ts';

/** Environment variables and files of a downwardAPI volume may read different fields. */
type Reader = 'environment' | 'volume';

const readableFields: Readonly<Record<Reader, ReadonlySet<string>>> = {
  environment: new Set([
    'metadata.name',
    'metadata.namespace',
    'metadata.uid',
    'spec.nodeName',
    'spec.serviceAccountName',
    'status.hostIP',
    'status.hostIPs',
    'status.podIP',
    'status.podIPs',
  ]),
  volume: new Set(['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations']),
};
/** What the versions of pods can be asked for by name (core/v1 ConvertDownwardAPIFieldLabel). */
const podFields = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);
const isPodField = (field: string) => podFields.has(field) || field === 'spec.host';
const subscripted = /^metadata\.(labels|annotations)\['(.*)'\]$/;
const readableResource = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/;
const resourceNames = ['cpu', 'ephemeral-storage', 'memory']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .toSorted();

export function validateEnvironment(errors: FieldErrors, path: string, container: JsonObject): void {
  for (const [index, variable] of list(container, 'env').entries()) {
    const at = `${path}.env[${index}]`;
    const name = text(variable, 'name');
    if (name === '') errors.required(`${at}.name`);
    else check(errors, `${at}.name`, name, environmentName);
    validateValueFrom(errors, `${at}.valueFrom`, variable);
  }
  for (const [index, source] of list(container, 'envFrom').entries())
    validateEnvFrom(errors, `${path}.envFrom`, index, source);
}

const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const;

function validateValueFrom(errors: FieldErrors, path: string, variable: JsonObject): void {
  const from = optional(variable, 'valueFrom');
  if (from === undefined) return;
  const given = sources.filter((source) => optional(from, source) !== undefined);
  for (const source of given) {
    const reference = optional(from, source)!;
    const at = `${path}.${source}`;
    if (source === 'fieldRef') validateFieldRef(errors, at, reference, 'environment');
    else if (source === 'resourceFieldRef') validateResourceFieldRef(errors, at, reference, 'environment');
    else {
      if (source !== 'fileKeyRef') check(errors, `${at}.name`, text(reference, 'name'), dnsSubdomain);
      if (text(reference, 'key') === '') errors.required(`${at}.key`);
      else if (source !== 'fileKeyRef') check(errors, `${at}.key`, text(reference, 'key'), configKey);
    }
  }
  if (text(variable, 'value') !== '' && given.length > 0)
    errors.invalid(path, '', 'may not be specified when `value` is not empty');
  else if (given.length === 0)
    errors.invalid(
      path,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  else if (given.length > 1) errors.invalid(path, '', 'may not have more than one field specified at a time');
}

export function validateFieldRef(errors: FieldErrors, path: string, reference: JsonObject, reader: Reader): void {
  const field = text(reference, 'fieldPath');
  if (field === '') {
    errors.required(`${path}.fieldPath`);
    return;
  }
  const version = text(reference, 'apiVersion');
  if (version !== 'v1') {
    errors.invalid(`${path}.fieldPath`, field, `error converting fieldPath: unsupported pod version: ${version}`);
    return;
  }
  const subscript = subscripted.exec(field);
  if (subscript !== null) check(errors, path, subscript[2]!.toLowerCase(), qualifiedName);
  else if (!isPodField(field))
    errors.invalid(`${path}.fieldPath`, field, `error converting fieldPath: field label not supported: ${field}`);
  else if (!readableFields[reader].has(field))
    errors.notSupported(`${path}.fieldPath`, field, [...readableFields[reader]]);
}

export function validateResourceFieldRef(
  errors: FieldErrors,
  path: string,
  reference: JsonObject,
  reader: Reader,
): void {
  if (reader === 'volume' && text(reference, 'containerName') === '') errors.required(`${path}.containerName`);
  const resource = text(reference, 'resource');
  if (resource === '') errors.required(`${path}.resource`);
  else if (!readableResource.test(resource)) errors.notSupported(`${path}.resource`, resource, resourceNames);
  else validateDivisor(errors, `${path}.divisor`, resource, text(reference, 'divisor'));
}

const cpuDivisors = ['1m', '1'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** 0, which is also what an absent one means, stands for 1. */
function validateDivisor(errors: FieldErrors, path: string, resource: string, divisor: string): void {
  if (divisor === '' || divisor === '0') return;
  const name = resource.slice(resource.indexOf('.') + 1);
  const divisors = name === 'cpu' ? cpuDivisors : byteDivisors;
  if (divisors.includes(divisor)) return;
  const list = `${divisors.slice(0, -1).join(', ')} and ${divisors.at(-1)}`;
  errors.invalid(path, resource, `only divisor's values ${list} are supported with the ${name} resource`);
}

function validateEnvFrom(errors: FieldErrors, sources_: string, index: number, source: JsonObject): void {
  const path = `${sources_}[${index}]`;
  const prefix = text(source, 'prefix');
  if (prefix !== '') check(errors, `${path}.prefix`, prefix, environmentName);
  const given = ['configMapRef', 'secretRef'].filter((kind) => optional(source, kind) !== undefined);
  for (const kind of given) {
    const name = text(optional(source, kind)!, 'name');
    if (name === '') errors.required(`${path}.${kind}.name`);
    else check(errors, `${path}.${kind}.name`, name, dnsSubdomain);
  }
  // Upstream does not say which one.
  if (given.length === 0) errors.invalid(sources_, '', 'must specify one of: `configMapRef` or `secretRef`');
  if (given.length > 1) errors.invalid(sources_, '', 'may not have more than one field specified at a time');
}
