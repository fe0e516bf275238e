// DaemonSets and ControllerRevisions (kubernetes pkg/apis/apps/validation/validation.go).
import { compileLabelSelector } from '../../../api/index.ts';
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules } from './kind-rules.ts';
import { metadataOf, validateImmutable, validateNonNegative } from './meta.ts';
import { percentage } from './names.ts';
import { validatePodTemplate } from './pod-spec.ts';
import { validateLabelSelector } from './selectors.ts';

const strategies = ['RollingUpdate', 'OnDelete'];

function validateDaemonSetSpec(errors: FieldErrors, spec: JsonObject): void {
  const template = struct(spec, 'template');
  validateSelectorOfTemplate(errors, spec, 'empty selector is invalid for daemonset');
  validatePodTemplate(errors, 'spec.template', template);
  validateDisks(errors, list(struct(template, 'spec'), 'volumes'));
  const podSpec = struct(template, 'spec');
  const restartPolicy = text(podSpec, 'restartPolicy');
  if (restartPolicy !== 'Always') errors.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
  if (podSpec['activeDeadlineSeconds'] !== undefined)
    errors.forbidden('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in DaemonSet is not Supported');
  validateNonNegative(errors, 'spec.minReadySeconds', number(spec, 'minReadySeconds'));
  validateUpdateStrategy(errors, 'spec.updateStrategy', struct(spec, 'updateStrategy'));
  // Zero is fine: keep no history but what live pods need.
  validateNonNegative(errors, 'spec.revisionHistoryLimit', number(spec, 'revisionHistoryLimit'));
}

/** The selector is well-formed, not empty, and selects what the template makes. */
export function validateSelectorOfTemplate(errors: FieldErrors, spec: JsonObject, emptyMessage: string): void {
  const selector = optional(spec, 'selector');
  const labels = optional(metadataOf(struct(spec, 'template')), 'labels');
  const before = errors.causes.length;
  validateLabelSelector(errors, 'spec.selector', selector);
  // Whether a selector matches that is none cannot be said.
  if (
    errors.causes.length === before &&
    !compileLabelSelector(selector)(labels as Readonly<Record<string, string>> | undefined)
  )
    errors.invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`');
  const isEmpty =
    selector !== undefined && selector['matchLabels'] === undefined && list(selector, 'matchExpressions').length === 0;
  if (isEmpty) errors.invalid('spec.selector', selector, emptyMessage);
}

/** A disk that only one node may write cannot be mounted writable by pods on many. */
function validateDisks(errors: FieldErrors, volumes: readonly JsonObject[]): void {
  for (const [index, volume] of volumes.entries()) {
    const disk = optional(volume, 'gcePersistentDisk');
    if (disk !== undefined && disk['readOnly'] !== true)
      errors.invalid(
        `spec.template.spec.volumes[${index}].gcePersistentDisk.readOnly`,
        false,
        'must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only',
      );
  }
}

function validateUpdateStrategy(errors: FieldErrors, path: string, strategy: JsonObject): void {
  const type = text(strategy, 'type');
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') {
    // As Go prints its own type.
    errors.notSupported(path, { Type: type, RollingUpdate: null }, strategies);
    return;
  }
  const rolling = optional(strategy, 'rollingUpdate');
  if (rolling === undefined) errors.required(`${path}.rollingUpdate`);
  else validateRollingUpdate(errors, `${path}.rollingUpdate`, rolling);
}

/** Exactly one of maxUnavailable and maxSurge is other than zero; neither goes beyond 100%. */
function validateRollingUpdate(errors: FieldErrors, path: string, rolling: JsonObject): void {
  const unavailable = validateIntOrPercent(errors, `${path}.maxUnavailable`, rolling['maxUnavailable']);
  const surge = validateIntOrPercent(errors, `${path}.maxSurge`, rolling['maxSurge']);
  for (const [field, value] of [
    ['maxUnavailable', unavailable],
    ['maxSurge', surge],
  ] as const)
    if (typeof rolling[field] === 'string' && value > 100)
      errors.invalid(`${path}.${field}`, rolling[field], 'must not be greater than 100%');
  if (unavailable !== 0 && surge !== 0)
    errors.invalid(`${path}.maxSurge`, rolling['maxSurge'], 'may not be set when maxUnavailable is non-zero');
  if (unavailable === 0 && surge === 0) errors.required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
}

/** Reports what is neither an integer ≥ 0 nor "N%"; returns the number in it, 0 when there is none. */
export function validateIntOrPercent(errors: FieldErrors, path: string, value: unknown): number {
  if (typeof value === 'number') {
    if (value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
    return value;
  }
  if (typeof value !== 'string') return 0;
  const wrong = percentage(value);
  if (wrong !== undefined) errors.invalid(path, value, wrong);
  // A number in quotes is wrong, and yet a number (intstr.IntValue).
  return wrong === undefined ? Number(value.slice(0, -1)) : /^-?\d+$/.test(value) ? Number(value) : 0;
}

const counters = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

export const daemonSetRules: KindRules = {
  object: (errors, object) => validateDaemonSetSpec(errors, struct(object, 'spec')),
  update: (errors, object, before) =>
    validateImmutable(errors, 'spec.selector', struct(object, 'spec')['selector'], struct(before, 'spec')['selector']),
  status(errors, object, before) {
    const status = struct(object, 'status');
    for (const counter of counters) validateNonNegative(errors, `status.${counter}`, number(status, counter));
    const collisions = number(struct(before, 'status'), 'collisionCount');
    const next = number(status, 'collisionCount');
    if (collisions !== undefined && (next ?? -1) < collisions)
      errors.invalid('status.collisionCount', next ?? null, 'cannot be decremented');
  },
};

export const controllerRevisionRules: KindRules = {
  object(errors, object) {
    if (object['data'] === undefined) errors.required('data', 'data is mandatory');
    validateNonNegative(errors, 'revision', number(object, 'revision') ?? 0);
  },
  update: (errors, object, before) => validateImmutable(errors, 'data', object['data'], before['data']),
};
