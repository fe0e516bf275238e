// Nodes, namespaces, leases, priorities, quotas, limits (core, coordination and scheduling validation).
import { parseQuantity } from '../../../api/index.ts';
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import { validateTaintEffect } from './affinity.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { check, metadataOf, validateFinalizers, validateNonNegative } from './meta.ts';
import { dnsLabel, labelValue, qualifiedName } from './names.ts';
import { validateQuantities } from './resources.ts';

export const nodeRules: KindRules = {
  object(errors, object) {
    // Upstream's path.
    validateTaints(errors, 'metadata.taints', list(struct(object, 'spec'), 'taints'));
    for (const field of ['capacity', 'allocatable'])
      validateQuantities(errors, 'status', struct(object, 'status'), field);
  },
  update(errors, object, before) {
    for (const field of ['podCIDR', 'providerID']) {
      const old = text(struct(before, 'spec'), field);
      if (old !== '' && text(struct(object, 'spec'), field) !== old)
        errors.forbidden(`spec.${field}`, `node updates may not change ${field} except from "" to valid`);
    }
  },
  status(errors, object) {
    const status = struct(object, 'status');
    for (const field of ['capacity', 'allocatable']) validateQuantities(errors, 'status', status, field);
    const seen = new Set<string>();
    for (const [index, address] of list(status, 'addresses').entries()) {
      const printed = { Type: text(address, 'type'), Address: text(address, 'address') };
      const known = JSON.stringify(printed);
      if (seen.has(known)) errors.duplicate(`status.addresses[${index}]`, printed);
      seen.add(known);
    }
  },
};

/** A key may stand there once for each effect. */
function validateTaints(errors: FieldErrors, path: string, taints: readonly JsonObject[]): void {
  const seen = new Set<string>();
  for (const [index, taint] of taints.entries()) {
    const at = `${path}[${index}]`;
    const key = text(taint, 'key');
    const effect = text(taint, 'effect');
    check(errors, `${at}.key`, key, qualifiedName);
    check(errors, `${at}.value`, text(taint, 'value'), labelValue);
    validateTaintEffect(errors, `${at}.effect`, effect);
    const printed = { Key: key, Value: text(taint, 'value'), Effect: effect, TimeAdded: taint['timeAdded'] ?? null };
    if (seen.has(`${key}:${effect}`)) errors.duplicate(at, printed, 'taints must be unique by key and effect pair');
    seen.add(`${key}:${effect}`);
  }
}

export const namespaceRules: KindRules = {
  name: dnsLabel,
  object: (errors, object) =>
    validateFinalizers(errors, 'spec.finalizers', texts(struct(object, 'spec'), 'finalizers')),
  status(errors, object) {
    const isLeaving = metadataOf(object)['deletionTimestamp'] !== undefined;
    const phase = text(struct(object, 'status'), 'phase');
    const [only, when] = isLeaving ? ['Terminating', 'not empty'] : ['Active', 'empty'];
    if (phase !== only)
      errors.invalid('status.Phase', phase, `may only be '${only}' if \`deletionTimestamp\` is ${when}`);
  },
};

export const leaseRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const duration = number(spec, 'leaseDurationSeconds');
    if (duration !== undefined && duration <= 0)
      errors.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
    validateNonNegative(errors, 'spec.leaseTransitions', number(spec, 'leaseTransitions'));
  },
};

/** Above this only the system's own classes go. */
const userPriorityMax = 1_000_000_000;
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

export const priorityClassRules: KindRules = {
  object(errors, object) {
    const name = text(metadataOf(object), 'name');
    const value = number(object, 'value') ?? 0;
    if (name.startsWith('system-')) {
      if (systemClasses[name] !== value)
        errors.forbidden(
          'metadata.name',
          `priority class names with 'system-' prefix are reserved for system use only. error: ${
            name in systemClasses
              ? `value of ${name} PriorityClass must be ${systemClasses[name]}`
              : `${name} is not a known system priority class`
          }`,
        );
    } else if (value > userPriorityMax)
      errors.forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`);
    const policy = text(object, 'preemptionPolicy');
    if (policy !== 'Never' && policy !== 'PreemptLowerPriority')
      errors.notSupported('preemptionPolicy', policy, ['Never', 'PreemptLowerPriority']);
  },
  update(errors, object, before) {
    if (number(object, 'value') !== number(before, 'value'))
      errors.forbidden('value', 'may not be changed in an update.');
    if (text(object, 'preemptionPolicy') !== text(before, 'preemptionPolicy'))
      errors.invalid('preemptionPolicy', text(object, 'preemptionPolicy'), 'field is immutable');
  },
};

export const resourceQuotaRules: KindRules = {
  object: (errors, object) => validateQuantities(errors, 'spec', struct(object, 'spec'), 'hard'),
};

const limitTypes = ['Container', 'PersistentVolumeClaim', 'Pod'];

export const limitRangeRules: KindRules = {
  object(errors, object) {
    const types = new Set<string>();
    for (const [index, item] of list(struct(object, 'spec'), 'limits').entries()) {
      const path = `spec.limits[${index}]`;
      const type = text(item, 'type');
      if (type === '') errors.required(`${path}.type`);
      else if (!limitTypes.includes(type) && !type.includes('/'))
        errors.invalid(`${path}.type`, type, 'must be a standard limit type or fully qualified');
      if (types.has(type)) errors.duplicate(`${path}.type`, type);
      types.add(type);
      for (const field of ['min', 'max', 'default', 'defaultRequest']) validateQuantities(errors, path, item, field);
      validateLimits(errors, path, item);
    }
  },
};

/** Smallest, usual and largest come in this order (core/validation ValidateLimitRange). */
function validateLimits(errors: FieldErrors, path: string, item: JsonObject): void {
  const read = (field: string, name: string) => struct(item, field)[name] as string | undefined;
  const exceeds = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && (parseQuantity(a) ?? 0) > (parseQuantity(b) ?? 0);
  for (const name of Object.keys({
    ...struct(item, 'min'),
    ...struct(item, 'default'),
    ...struct(item, 'defaultRequest'),
  })) {
    const [min, max, usual, asked] = ['min', 'max', 'default', 'defaultRequest'].map((field) => read(field, name));
    const refuse = (field: string, value: string | undefined, why: string) =>
      errors.invalid(`${path}.${field}[${name}]`, value, why);
    if (exceeds(min, max)) refuse('min', min, `min value ${min} is greater than max value ${max}`);
    if (exceeds(min, asked))
      refuse('defaultRequest', asked, `min value ${min} is greater than default request value ${asked}`);
    if (exceeds(asked, max))
      refuse('defaultRequest', asked, `default request value ${asked} is greater than max value ${max}`);
    if (exceeds(asked, usual))
      refuse('defaultRequest', asked, `default request value ${asked} is greater than default limit value ${usual}`);
    if (exceeds(min, usual)) refuse('default', min, `min value ${min} is greater than default value ${usual}`);
    if (exceeds(usual, max)) refuse('default', max, `default value ${usual} is greater than max value ${max}`);
  }
}

export const eventRules: KindRules = {
  object(errors, object) {
    // events.k8s.io calls it regarding.
    const about = optional(object, 'involvedObject') ?? optional(object, 'regarding') ?? {};
    const namespace = text(metadataOf(object), 'namespace');
    const theirs = text(about, 'namespace');
    // Objects without a namespace have their events in default.
    if (namespace !== '' && theirs !== namespace && !(theirs === '' && namespace === 'default'))
      errors.invalid('involvedObject.namespace', theirs, 'does not match event.namespace');
  },
};
