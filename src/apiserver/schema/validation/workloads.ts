// Deployments, ReplicaSets, pod templates and disruption budgets: stored here, run by nobody yet.
import type { JsonObject } from '../json.ts';
import { number, optional, struct, text } from '../read.ts';
import { validateIntOrPercent, validateSelectorOfTemplate } from './daemonset.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { validateImmutable, validateNonNegative } from './meta.ts';
import { validatePodTemplate } from './pod-spec.ts';
import { validateLabelSelector } from './selectors.ts';

function validateReplicated(errors: FieldErrors, object: JsonObject, kind: string): void {
  const spec = struct(object, 'spec');
  const template = struct(spec, 'template');
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'])
    validateNonNegative(errors, `spec.${field}`, number(spec, field));
  if (spec['selector'] === undefined) errors.required('spec.selector');
  validateSelectorOfTemplate(errors, spec, `empty selector is invalid for ${kind}`);
  validatePodTemplate(errors, 'spec.template', template);
  const restartPolicy = text(struct(template, 'spec'), 'restartPolicy');
  if (restartPolicy !== 'Always') errors.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
}

const selectorIsImmutable: KindRules['update'] = (errors, object, before) =>
  validateImmutable(errors, 'spec.selector', struct(object, 'spec')['selector'], struct(before, 'spec')['selector']);

/** Those counted by what they are like are some of those there are. */
function validateCounts(errors: FieldErrors, status: JsonObject, alike: readonly string[]): void {
  const counts = ['readyReplicas', 'availableReplicas', ...alike];
  for (const field of ['replicas', ...counts]) validateNonNegative(errors, `status.${field}`, number(status, field));
  const count = (field: string) => number(status, field) ?? 0;
  for (const field of counts)
    if (count(field) > count('replicas'))
      errors.invalid(`status.${field}`, count(field), 'cannot be greater than status.replicas');
  if (count('availableReplicas') > count('readyReplicas'))
    errors.invalid('status.availableReplicas', count('availableReplicas'), 'cannot be greater than readyReplicas');
}

export const replicaSetRules: KindRules = {
  object: (errors, object) => validateReplicated(errors, object, 'replicaset'),
  update: selectorIsImmutable,
  status: (errors, object) => validateCounts(errors, struct(object, 'status'), ['fullyLabeledReplicas']),
};

export const deploymentRules: KindRules = {
  object(errors, object) {
    validateReplicated(errors, object, 'deployment');
    const strategy = struct(struct(object, 'spec'), 'strategy');
    const type = text(strategy, 'type');
    const rolling = optional(strategy, 'rollingUpdate');
    const path = 'spec.strategy';
    if (type === 'Recreate') {
      if (rolling !== undefined)
        errors.forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'");
    } else if (type !== 'RollingUpdate') errors.notSupported(path, strategy, ['Recreate', 'RollingUpdate']);
    else if (rolling === undefined)
      errors.required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil');
    else {
      const unavailable = validateIntOrPercent(
        errors,
        `${path}.rollingUpdate.maxUnavailable`,
        rolling['maxUnavailable'],
      );
      const surge = validateIntOrPercent(errors, `${path}.rollingUpdate.maxSurge`, rolling['maxSurge']);
      if (unavailable === 0 && surge === 0)
        errors.invalid(
          `${path}.rollingUpdate.maxUnavailable`,
          rolling['maxUnavailable'],
          'may not be 0 when `maxSurge` is 0',
        );
    }
  },
  update: selectorIsImmutable,
  status(errors, object) {
    const status = struct(object, 'status');
    validateCounts(errors, status, ['updatedReplicas']);
    validateNonNegative(errors, 'status.unavailableReplicas', number(status, 'unavailableReplicas'));
  },
};

export const podTemplateRules: KindRules = {
  object: (errors, object) => validatePodTemplate(errors, 'template', struct(object, 'template')),
};

export const disruptionBudgetRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const isDouble = spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined;
    // As Go prints its own type.
    const printed = {
      MinAvailable: spec['minAvailable'],
      Selector: spec['selector'] ?? null,
      MaxUnavailable: spec['maxUnavailable'],
      UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
    };
    if (isDouble) errors.invalid('spec', printed, 'minAvailable and maxUnavailable cannot be both set');
    for (const field of ['minAvailable', 'maxUnavailable']) {
      const value = spec[field];
      validateIntOrPercent(errors, `spec.${field}`, value);
      if (typeof value === 'string' && /^\d+%$/.test(value) && Number(value.slice(0, -1)) > 100)
        errors.invalid(`spec.${field}`, value, 'must not be greater than 100%');
    }
    const policy = text(spec, 'unhealthyPodEvictionPolicy');
    const policies = ['AlwaysAllow', 'IfHealthyBudget'];
    if (policy !== '' && !policies.includes(policy))
      errors.notSupported('spec.unhealthyPodEvictionPolicy', policy, policies);
    validateLabelSelector(errors, 'spec.selector', optional(spec, 'selector'));
  },
};
