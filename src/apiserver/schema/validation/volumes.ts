// Volumes and their mounts (core/validation ValidateVolumes, ValidateVolumeMounts).
import { parseQuantity } from '../../../api/index.ts';
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import { validateFieldRef, validateResourceFieldRef } from './environment.ts';
import type { FieldErrors } from './field-errors.ts';
import { check } from './meta.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';

/** What the mounts of a pod's containers are checked against. */
export interface VolumeNames {
  has(name: string): boolean;
}

export function validateVolumes(errors: FieldErrors, path: string, volumes: readonly JsonObject[]): VolumeNames {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = text(volume, 'name');
    const known = errors.causes.length;
    if (name === '') errors.required(`${at}.name`);
    else check(errors, `${at}.name`, name, dnsLabel);
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    validateSource(errors, at, volume);
    // What is wrong is not there: who mounts it hears of that, too.
    if (errors.causes.length === known) names.add(name);
  }
  return names;
}

function validateSource(errors: FieldErrors, path: string, volume: JsonObject): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  const [source, ...others] = sources;
  if (source === undefined) {
    errors.required(path, 'must specify a volume type');
    return;
  }
  for (const other of others) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 volume type');
  const rule = Object.hasOwn(sourceRules, source) ? sourceRules[source]! : undefined;
  rule?.(errors, `${path}.${source}`, struct(volume, source));
}

type SourceRule = (errors: FieldErrors, path: string, source: JsonObject) => void;

const requires =
  (...fields: readonly string[]): SourceRule =>
  (errors, path, source) => {
    for (const field of fields) if (text(source, field) === '') errors.required(`${path}.${field}`);
  };

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const sourceRules: Readonly<Record<string, SourceRule>> = {
  hostPath(errors, path, source) {
    const hostPath = text(source, 'path');
    if (hostPath === '') errors.required(`${path}.path`);
    else validateNoBacksteps(errors, `${path}.path`, hostPath);
    const type = text(source, 'type');
    if (!hostPathTypes.includes(type)) errors.notSupported(`${path}.type`, type, hostPathTypes);
  },
  emptyDir(errors, path, source) {
    const limit = source['sizeLimit'] as string | undefined;
    if (limit !== undefined && (parseQuantity(limit) ?? 0) < 0)
      errors.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
  },
  configMap(errors, path, source) {
    requires('name')(errors, path, source);
    validateMode(errors, `${path}.defaultMode`, number(source, 'defaultMode'));
    validateItems(errors, `${path}.items`, list(source, 'items'));
  },
  secret(errors, path, source) {
    requires('secretName')(errors, path, source);
    validateMode(errors, `${path}.defaultMode`, number(source, 'defaultMode'));
    validateItems(errors, `${path}.items`, list(source, 'items'));
  },
  downwardAPI(errors, path, source) {
    validateMode(errors, `${path}.defaultMode`, number(source, 'defaultMode'));
    validateDownwardFiles(errors, path, list(source, 'items'));
  },
  projected(errors, path, source) {
    validateMode(errors, `${path}.defaultMode`, number(source, 'defaultMode'));
    for (const [index, entry] of list(source, 'sources').entries())
      validateProjection(errors, `${path}.sources[${index}]`, entry);
    validateDistinctPaths(errors, path, list(source, 'sources'));
  },
  persistentVolumeClaim: requires('claimName'),
  nfs(errors, path, source) {
    requires('server', 'path')(errors, path, source);
    const exported = text(source, 'path');
    if (!exported.startsWith('/')) errors.invalid(`${path}.path`, exported, 'must be an absolute path');
  },
  csi(errors, path, source) {
    const driver = text(source, 'driver');
    if (driver === '') errors.required(`${path}.driver`);
    else check(errors, `${path}.driver`, driver, (name) => dnsSubdomain(name.toLowerCase()));
  },
  iscsi: requires('targetPortal', 'iqn'),
  glusterfs: requires('endpoints', 'path'),
  image(errors, path, source) {
    requires('reference')(errors, path, source);
    const policy = text(source, 'pullPolicy');
    if (!pullPolicies.includes(policy)) errors.notSupported(`${path}.pullPolicy`, policy, pullPolicies);
  },
  gitRepo: requires('repository'),
  ephemeral(errors, path, source) {
    const template = optional(source, 'volumeClaimTemplate');
    if (template === undefined) errors.required(`${path}.volumeClaimTemplate`);
    else validateClaimSpec(errors, `${path}.volumeClaimTemplate.spec`, struct(template, 'spec'));
  },
};

const projections = [
  'secret',
  'configMap',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
];
const tokenSecondsMin = 600;

function validateProjection(errors: FieldErrors, path: string, projection: JsonObject): void {
  const given = projections.filter((kind) => optional(projection, kind) !== undefined);
  for (const other of given.slice(1)) errors.forbidden(`${path}.${other}`, 'may not specify more than 1 volume type');
  for (const kind of ['secret', 'configMap']) {
    const source = optional(projection, kind);
    if (source === undefined) continue;
    requires('name')(errors, `${path}.${kind}`, source);
    validateItems(errors, `${path}.${kind}.items`, list(source, 'items'));
  }
  validateDownwardFiles(errors, `${path}.downwardAPI`, list(struct(projection, 'downwardAPI'), 'items'));
  const token = optional(projection, 'serviceAccountToken');
  if (token === undefined) return;
  if (text(token, 'path') === '') errors.required(`${path.replace(/\.sources\[\d+\]$/, '')}.path`);
  const seconds = number(token, 'expirationSeconds');
  if (seconds !== undefined && seconds < tokenSecondsMin)
    errors.invalid(
      `${path}.serviceAccountToken.expirationSeconds`,
      seconds,
      'may not specify a duration less than 10 minutes',
    );
}

/** No two files of one volume have one path; the source that comes second is named. */
function validateDistinctPaths(errors: FieldErrors, path: string, sources: readonly JsonObject[]): void {
  const seen = new Set<string>();
  for (const source of sources)
    for (const kind of ['secret', 'configMap', 'downwardAPI'])
      for (const item of list(struct(source, kind), 'items')) {
        const file = text(item, 'path');
        const given = kind === 'downwardAPI' ? file : text(struct(source, kind), 'name');
        if (seen.has(file)) errors.invalid(path, given, 'conflicting duplicate paths');
        seen.add(file);
      }
  for (const source of sources) {
    const token = optional(source, 'serviceAccountToken');
    if (token !== undefined && seen.has(text(token, 'path')))
      errors.invalid(path, text(token, 'path'), 'conflicting duplicate paths');
  }
}

function validateItems(errors: FieldErrors, path: string, items: readonly JsonObject[]): void {
  for (const [index, item] of items.entries()) {
    const at = `${path}[${index}]`;
    if (text(item, 'key') === '') errors.required(`${at}.key`);
    validateFile(errors, at, item);
  }
}

/** Upstream does not say which one. */
function validateDownwardFiles(errors: FieldErrors, at: string, items: readonly JsonObject[]): void {
  for (const item of items) {
    validateFile(errors, at, item);
    const field = optional(item, 'fieldRef');
    const resource = optional(item, 'resourceFieldRef');
    if (field !== undefined && resource !== undefined)
      errors.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    if (field !== undefined) validateFieldRef(errors, `${at}.fieldRef`, field, 'volume');
    else if (resource !== undefined) validateResourceFieldRef(errors, `${at}.resourceFieldRef`, resource, 'volume');
    else errors.required(at, 'one of fieldRef and resourceFieldRef is required');
  }
}

function validateFile(errors: FieldErrors, path: string, item: JsonObject): void {
  const file = text(item, 'path');
  if (file === '') errors.required(`${path}.path`);
  else validateDescendingPath(errors, `${path}.path`, file);
  validateMode(errors, `${path}.mode`, number(item, 'mode'));
}

function validateMode(errors: FieldErrors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    errors.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

export function validateDescendingPath(errors: FieldErrors, path: string, value: string): void {
  if (value.startsWith('/')) errors.invalid(path, value, 'must be a relative path');
  validateNoBacksteps(errors, path, value);
}

function validateNoBacksteps(errors: FieldErrors, path: string, value: string): void {
  if (value.split('/').includes('..')) errors.invalid(path, value, "must not contain '..'");
}

const recursiveModes = ['Disabled', 'Enabled', 'IfPossible'];
const propagations = ['Bidirectional', 'HostToContainer', 'None'];

/** The volumeMounts and volumeDevices of one container. */
export function validateMounts(errors: FieldErrors, path: string, container: JsonObject, volumes: VolumeNames): void {
  const points = new Set<string>();
  for (const [index, mount] of list(container, 'volumeMounts').entries()) {
    const at = `${path}.volumeMounts[${index}]`;
    validateVolumeReference(errors, at, mount, volumes);
    const point = text(mount, 'mountPath');
    if (point === '') errors.required(`${at}.mountPath`);
    if (points.has(point)) errors.invalid(`${at}.mountPath`, point, 'must be unique');
    points.add(point);
    const subPath = text(mount, 'subPath');
    const expression = text(mount, 'subPathExpr');
    // Upstream says of these not which one.
    const all = `${path}.volumeMounts`;
    if (subPath !== '') validateDescendingPath(errors, `${all}.subPath`, subPath);
    if (expression !== '' && subPath !== '')
      errors.invalid(`${at}.subPathExpr`, expression, 'subPathExpr and subPath are mutually exclusive');
    else if (expression !== '') validateDescendingPath(errors, `${all}.subPathExpr`, expression);
    validatePropagation(errors, `${all}.mountPropagation`, mount, container);
    validateRecursiveReadOnly(errors, `${at}.recursiveReadOnly`, mount);
  }
  for (const [index, device] of list(container, 'volumeDevices').entries()) {
    const at = `${path}.volumeDevices[${index}]`;
    validateVolumeReference(errors, at, device, volumes);
    if (text(device, 'devicePath') === '') errors.required(`${at}.devicePath`);
    else if (points.has(text(device, 'devicePath')))
      errors.invalid(
        `${at}.devicePath`,
        text(device, 'devicePath'),
        'must not already exist as a path in volumeMounts',
      );
  }
}

function validateVolumeReference(errors: FieldErrors, path: string, mount: JsonObject, volumes: VolumeNames): void {
  const name = text(mount, 'name');
  if (name === '') errors.required(`${path}.name`);
  if (!volumes.has(name)) errors.notFound(`${path}.name`, name);
}

function validatePropagation(errors: FieldErrors, path: string, mount: JsonObject, container: JsonObject): void {
  const propagation = mount['mountPropagation'] as string | undefined;
  if (propagation === undefined) return;
  if (!propagations.includes(propagation)) errors.notSupported(path, propagation, propagations);
  if (propagation === 'Bidirectional' && struct(container, 'securityContext')['privileged'] !== true)
    errors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers');
}

function validateRecursiveReadOnly(errors: FieldErrors, path: string, mount: JsonObject): void {
  const mode = text(mount, 'recursiveReadOnly');
  if (mode === '' || mode === 'Disabled') return;
  if (mount['readOnly'] !== true) errors.forbidden(path, 'may only be specified when readOnly is true');
  if (!['', 'None'].includes(text(mount, 'mountPropagation')))
    errors.forbidden(path, 'may only be specified when mountPropagation is None or not specified');
  if (!recursiveModes.includes(mode)) errors.notSupported(path, mode, recursiveModes);
}

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Access modes and the size of a claim (core/validation ValidatePersistentVolumeClaimSpec). */
export function validateClaimSpec(errors: FieldErrors, path: string, spec: JsonObject): void {
  if (texts(spec, 'accessModes').length === 0)
    errors.required(`${path}.accessModes`, 'at least 1 access mode is required');
  for (const mode of texts(spec, 'accessModes'))
    if (!accessModes.includes(mode)) errors.notSupported(`${path}.accessModes`, mode, accessModes);
  const requests = struct(struct(spec, 'resources'), 'requests');
  const storage = requests['storage'] as string | undefined;
  if (storage === undefined) errors.required(`${path}.resources[storage]`);
  else if ((parseQuantity(storage) ?? 0) <= 0)
    errors.invalid(`${path}.resources[storage]`, storage, 'must be greater than zero');
  const className = text(spec, 'storageClassName');
  if (className !== '') check(errors, `${path}.storageClassName`, className, dnsSubdomain);
}
