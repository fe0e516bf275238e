// Pods: their spec, and the little that may change in it once it is there (core/validation ValidatePodUpdate).
import { isIP } from 'node:net';
import { sameJson } from '../../same-json.ts';
import { type JsonObject, withoutKey } from '../json.ts';
import { list, number, struct, text } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { ipRule, validatePodSpec } from './pod-spec.ts';
import { validateEphemeralContainers, validateResize } from './pod-subresources.ts';

const mayChange =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const podRules: KindRules = {
  object: (errors, object) => validatePodSpec(errors, 'spec', struct(object, 'spec'), false),
  create(errors, object) {
    const spec = struct(object, 'spec');
    if (list(spec, 'ephemeralContainers').length > 0)
      errors.forbidden('spec.ephemeralContainers', 'cannot be set on create');
    if (list(spec, 'schedulingGates').length > 0 && text(spec, 'nodeName') !== '')
      errors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared');
  },
  update(errors, object, before) {
    const spec = struct(object, 'spec');
    const old = struct(before, 'spec');
    for (const field of ['containers', 'initContainers'])
      if (list(spec, field).length !== list(old, field).length) {
        errors.forbidden(`spec.${field}`, 'pod updates may not add or remove containers');
        return;
      }
    validateDeadline(errors, number(spec, 'activeDeadlineSeconds'), number(old, 'activeDeadlineSeconds'));
    validateAddedTolerations(errors, list(spec, 'tolerations'), list(old, 'tolerations'));
    validateRemovedGates(errors, list(spec, 'schedulingGates'), list(old, 'schedulingGates'));
    const [now, then] = [frozen(spec), frozen(old)];
    if (sameJson(now, then)) return;
    const fields = [...new Set([...Object.keys(now), ...Object.keys(then)])].filter(
      (field) => !sameJson(now[field], then[field]),
    );
    errors.forbidden('spec', `${mayChange}; changed: ${fields.join(', ')}`);
  },
  subresources: { ephemeralcontainers: validateEphemeralContainers, resize: validateResize },
  status(errors, object) {
    validateAddresses(errors, list(struct(object, 'status'), 'podIPs'));
    // The kubelet reports what runs; a status never moves the pod to another node.
    for (const [index, status] of list(struct(object, 'status'), 'containerStatuses').entries())
      if (text(status, 'name') === '') errors.required(`status.containerStatuses[${index}].name`);
  },
};

/** One of each family at most. */
function validateAddresses(errors: FieldErrors, addresses: readonly JsonObject[]): void {
  const families = addresses.map((address) => isIP(text(address, 'ip')));
  for (const [index, family] of families.entries())
    if (family === 0) errors.invalid(`status.podIPs[${index}]`, text(addresses[index]!, 'ip'), ipRule);
  if (new Set(families).size < families.length) {
    const printed = addresses.map((address) => ({ IP: text(address, 'ip') }));
    errors.invalid('status.podIPs', printed, 'may specify no more than one IP for each IP family');
  }
}

/** The spec without what may change. */
function frozen(spec: JsonObject): JsonObject {
  let rest = spec;
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates']) rest = withoutKey(rest, field);
  for (const field of ['containers', 'initContainers'])
    if (rest[field] !== undefined)
      rest = { ...rest, [field]: list(rest, field).map((container) => withoutKey(container, 'image')) };
  return rest;
}

function validateDeadline(errors: FieldErrors, next: number | undefined, before: number | undefined): void {
  const path = 'spec.activeDeadlineSeconds';
  if (before === undefined) return;
  if (next === undefined) errors.invalid(path, null, 'must not update from a positive integer to nil value');
  else if (next > before) errors.invalid(path, next, 'must be less than or equal to previous value');
}

/** Old tolerations stay, in order, but for their tolerationSeconds; new ones come after. */
function validateAddedTolerations(
  errors: FieldErrors,
  next: readonly JsonObject[],
  before: readonly JsonObject[],
): void {
  const kept = next.map((toleration) => withoutKey(toleration, 'tolerationSeconds'));
  const isKept = before.every((toleration) =>
    kept.some((other) => sameJson(other, withoutKey(toleration, 'tolerationSeconds'))),
  );
  if (!isKept)
    errors.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds');
}

function validateRemovedGates(errors: FieldErrors, next: readonly JsonObject[], before: readonly JsonObject[]): void {
  const known = new Set(before.map((gate) => text(gate, 'name')));
  for (const gate of next)
    if (!known.has(text(gate, 'name')))
      errors.forbidden(
        'spec.schedulingGates',
        `only deletion is allowed, but found new scheduling gate '${text(gate, 'name')}'`,
      );
}
