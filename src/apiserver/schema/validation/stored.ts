// Stateful sets, jobs, autoscalers, ingresses and network policies: what a manifest most often gets wrong, as upstream
// says it (kubernetes pkg/apis/{apps,batch,autoscaling,networking}/validation). Nobody runs them here.
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text } from '../read.ts';
import { validateSelectorOfTemplate } from './daemonset.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { check, validateImmutable, validateNonNegative } from './meta.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { validatePodTemplate } from './pod-spec.ts';
import { validateLabelSelector } from './selectors.ts';

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

export const statefulSetRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit'])
      validateNonNegative(errors, `spec.${field}`, number(spec, field));
    if (spec['selector'] === undefined) errors.required('spec.selector');
    validateSelectorOfTemplate(errors, spec, 'empty selector is invalid for statefulset');
    validatePodTemplate(errors, 'spec.template', struct(spec, 'template'));
    const restartPolicy = text(struct(struct(spec, 'template'), 'spec'), 'restartPolicy');
    if (restartPolicy !== 'Always') errors.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
  },
  update(errors, object, before) {
    const rest = (from: JsonObject) =>
      Object.fromEntries(Object.entries(struct(from, 'spec')).filter(([field]) => !changeable.includes(field)));
    if (JSON.stringify(rest(object)) === JSON.stringify(rest(before))) return;
    const names = changeable.map((field) => `'${field}'`);
    errors.forbidden(
      'spec',
      `updates to statefulset spec for fields other than ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are forbidden`,
    );
  },
};

function validateJobSpec(errors: FieldErrors, path: string, spec: JsonObject): void {
  for (const field of [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ])
    validateNonNegative(errors, `${path}.${field}`, number(spec, field));
  validatePodTemplate(errors, `${path}.template`, struct(spec, 'template'));
  const restartPolicy = text(struct(struct(spec, 'template'), 'spec'), 'restartPolicy');
  if (restartPolicy === 'Always')
    errors.notSupported(`${path}.template.spec.restartPolicy`, restartPolicy, ['OnFailure', 'Never']);
}

export const jobRules: KindRules = {
  object: (errors, object) => validateJobSpec(errors, 'spec', struct(object, 'spec')),
  update(errors, object, before) {
    for (const field of ['completions', 'selector', 'template', 'completionMode'])
      validateImmutable(errors, `spec.${field}`, struct(object, 'spec')[field], struct(before, 'spec')[field]);
  },
};

export const cronJobRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const schedule = text(spec, 'schedule');
    if (schedule === '') errors.required('spec.schedule');
    else if (!schedule.startsWith('@') && schedule.trim().split(/\s+/).length !== 5)
      errors.invalid(
        'spec.schedule',
        schedule,
        `expected exactly 5 fields, found ${schedule.trim().split(/\s+/).length}: [${schedule}]`,
      );
    const policies = ['Allow', 'Forbid', 'Replace'];
    const policy = text(spec, 'concurrencyPolicy');
    if (!policies.includes(policy)) errors.notSupported('spec.concurrencyPolicy', policy, policies);
    validateJobSpec(errors, 'spec.jobTemplate.spec', struct(struct(spec, 'jobTemplate'), 'spec'));
  },
};

export const autoscalerRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const target = struct(spec, 'scaleTargetRef');
    const most = number(spec, 'maxReplicas') ?? 0;
    const least = number(spec, 'minReplicas') ?? 1;
    if (least < 1) errors.invalid('spec.minReplicas', least, 'must be greater than or equal to 1');
    if (most < 1) errors.invalid('spec.maxReplicas', most, 'must be greater than 0');
    else if (most < least) errors.invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`');
    for (const field of ['kind', 'name'])
      if (text(target, field) === '') errors.required(`spec.scaleTargetRef.${field}`);
  },
};

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

export const ingressRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const rules = list(spec, 'rules');
    if (rules.length === 0 && optional(spec, 'defaultBackend') === undefined)
      errors.invalid('spec', spec, 'either `defaultBackend` or `rules` must be specified');
    for (const [index, rule] of rules.entries()) {
      const host = text(rule, 'host');
      if (host !== '') check(errors, `spec.rules[${index}].host`, host.replace(/^\*\./, ''), dnsSubdomain);
      for (const [at, path] of list(struct(rule, 'http'), 'paths').entries()) {
        const where = `spec.rules[${index}].http.paths[${at}]`;
        const pathType = text(path, 'pathType');
        if (pathType === '') errors.required(`${where}.pathType`, 'pathType must be specified');
        else if (!pathTypes.includes(pathType)) errors.notSupported(`${where}.pathType`, pathType, pathTypes);
        else if (pathType !== 'ImplementationSpecific' && !text(path, 'path').startsWith('/'))
          errors.invalid(`${where}.path`, text(path, 'path'), 'must be an absolute path');
        const service = optional(struct(path, 'backend'), 'service');
        if (service !== undefined && text(service, 'name') === '') errors.required(`${where}.backend.service.name`);
      }
    }
  },
};

export const networkPolicyRules: KindRules = {
  object: (errors, object) =>
    validateLabelSelector(errors, 'spec.podSelector', optional(struct(object, 'spec'), 'podSelector')),
};

export const replicationControllerRules: KindRules = {
  object(errors, object) {
    const spec = struct(object, 'spec');
    const template = struct(spec, 'template');
    for (const field of ['replicas', 'minReadySeconds'])
      validateNonNegative(errors, `spec.${field}`, number(spec, field));
    const selector = Object.entries(struct(spec, 'selector'));
    const labels = struct(struct(template, 'metadata'), 'labels');
    if (selector.length === 0) errors.required('spec.selector');
    if (optional(spec, 'template') === undefined) {
      errors.required('spec.template');
      return;
    }
    if (selector.some(([key, value]) => labels[key] !== value))
      errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
    validatePodTemplate(errors, 'spec.template', template);
    const restartPolicy = text(struct(template, 'spec'), 'restartPolicy');
    if (restartPolicy !== 'Always') errors.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
  },
};

export const runtimeClassRules: KindRules = {
  object: (errors, object) => check(errors, 'handler', text(object, 'handler'), dnsLabel),
  update: (errors, object, before) => validateImmutable(errors, 'handler', object['handler'], before['handler']),
};
