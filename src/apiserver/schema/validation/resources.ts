// Requests and limits (core/validation ValidateContainerResourceRequirements) and other lists of quantities.
import { isQualifiedName, parseQuantity } from '../../../api/index.ts';
import type { JsonObject } from '../json.ts';
import { pairs, struct } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { check } from './meta.ts';
import { qualifiedName } from './names.ts';

/** Known by name, though not to containers. */
const standardResources = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);
const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Kubernetes' own resources: no domain in the name, or kubernetes.io's. Others are extended and counted in whole. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

export function validateResources(errors: FieldErrors, path: string, resources: JsonObject): void {
  for (const field of ['limits', 'requests']) {
    for (const [name, quantity] of pairs(resources, field)) {
      const at = `${path}.${field}[${name}]`;
      check(errors, at, name, qualifiedName);
      if (!name.includes('/') && !containerResources.has(name) && !name.startsWith('hugepages-')) {
        if (!standardResources.has(name) && isQualifiedName(name))
          errors.invalid(at, name, 'must be a standard resource type or fully qualified');
        errors.invalid(at, name, 'must be a standard resource for containers');
      }
      validateQuantity(errors, at, quantity);
      if (!isNative(name) && !Number.isInteger(parseQuantity(quantity)))
        errors.invalid(at, quantity, 'must be an integer');
    }
  }
  validateRequestsWithinLimits(errors, path, resources);
  const names = ['limits', 'requests'].flatMap((field) => Object.keys(struct(resources, field)));
  if (names.some((name) => name.startsWith('hugepages-')) && !names.some((name) => name === 'cpu' || name === 'memory'))
    errors.forbidden(path, 'HugePages require cpu or memory');
}

function validateRequestsWithinLimits(errors: FieldErrors, path: string, resources: JsonObject): void {
  const limits = struct(resources, 'limits');
  for (const [name, request] of pairs(resources, 'requests')) {
    const limit = limits[name] as string | undefined;
    const isOvercommitAllowed = isNative(name) && !name.startsWith('hugepages-');
    if (limit === undefined) {
      if (!isOvercommitAllowed) errors.required(`${path}.limits`, `Limit must be set for non overcommitable resources`);
      continue;
    }
    const asked = parseQuantity(request) ?? 0;
    const allowed = parseQuantity(limit) ?? 0;
    if (!isOvercommitAllowed && asked !== allowed)
      errors.invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`);
    else if (asked > allowed)
      errors.invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`);
  }
}

export function validateQuantity(errors: FieldErrors, path: string, quantity: string): void {
  if ((parseQuantity(quantity) ?? 0) < 0) errors.invalid(path, quantity, 'must be greater than or equal to 0');
}

/** Every quantity of a map is zero or more. */
export function validateQuantities(errors: FieldErrors, path: string, object: JsonObject, field: string): void {
  for (const [name, quantity] of pairs(object, field)) {
    check(errors, `${path}.${field}[${name}]`, name, qualifiedName);
    validateQuantity(errors, `${path}.${field}[${name}]`, quantity);
  }
}
