// Where a pod may go: node affinity, pod affinity, tolerations, topology spread (core/validation validateAffinity).
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { check } from './meta.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts';
import { validateLabelSelector } from './selectors.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity(errors: FieldErrors, path: string, affinity: JsonObject): void {
  const node = optional(affinity, 'nodeAffinity');
  if (node !== undefined) validateNodeAffinity(errors, `${path}.nodeAffinity`, node);
  for (const field of ['podAffinity', 'podAntiAffinity']) {
    const pod = optional(affinity, field);
    if (pod !== undefined) validatePodAffinity(errors, `${path}.${field}`, pod);
  }
}

function validateNodeAffinity(errors: FieldErrors, path: string, affinity: JsonObject): void {
  const selector = optional(affinity, required);
  if (selector !== undefined) {
    const at = `${path}.${required}.nodeSelectorTerms`;
    const terms = list(selector, 'nodeSelectorTerms');
    if (terms.length === 0) errors.required(at, 'must have at least one node selector term');
    for (const [index, term] of terms.entries()) validateNodeSelectorTerm(errors, `${at}[${index}]`, term);
  }
  for (const [index, term] of list(affinity, preferred).entries()) {
    const at = `${path}.${preferred}[${index}]`;
    validateWeight(errors, `${at}.weight`, term);
    validateNodeSelectorTerm(errors, `${at}.preference`, struct(term, 'preference'));
  }
}

function validateNodeSelectorTerm(errors: FieldErrors, path: string, term: JsonObject): void {
  for (const [index, requirement] of list(term, 'matchExpressions').entries())
    validateNodeExpression(errors, `${path}.matchExpressions[${index}]`, requirement);
  for (const [index, requirement] of list(term, 'matchFields').entries())
    validateNodeField(errors, `${path}.matchFields[${index}]`, requirement);
}

function validateNodeExpression(errors: FieldErrors, path: string, requirement: JsonObject): void {
  const operator = text(requirement, 'operator');
  const values = texts(requirement, 'values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      for (const [index, value] of values.entries()) check(errors, `${path}.values[${index}]`, value, labelValue);
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1)
        errors.required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(`${path}.operator`, operator, 'not a valid selector operator');
  }
  check(errors, `${path}.key`, text(requirement, 'key'), qualifiedName);
}

/** matchFields knows one field, metadata.name: what a DaemonSet's pod is pinned by. */
function validateNodeField(errors: FieldErrors, path: string, requirement: JsonObject): void {
  const operator = text(requirement, 'operator');
  const values = texts(requirement, 'values');
  if (operator !== 'In' && operator !== 'NotIn')
    errors.invalid(`${path}.operator`, operator, 'not a valid selector operator');
  else if (values.length !== 1)
    errors.required(
      `${path}.values`,
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
    );
  const key = text(requirement, 'key');
  if (key !== 'metadata.name') errors.invalid(`${path}.key`, key, 'not a valid field selector key');
  else for (const [index, value] of values.entries()) check(errors, `${path}.values[${index}]`, value, dnsSubdomain);
}

function validatePodAffinity(errors: FieldErrors, path: string, affinity: JsonObject): void {
  for (const [index, term] of list(affinity, required).entries())
    validatePodTerm(errors, `${path}.${required}[${index}]`, term);
  for (const [index, weighted] of list(affinity, preferred).entries()) {
    const at = `${path}.${preferred}[${index}]`;
    validateWeight(errors, `${at}.weight`, weighted);
    validatePodTerm(errors, `${at}.podAffinityTerm`, struct(weighted, 'podAffinityTerm'));
  }
}

function validatePodTerm(errors: FieldErrors, path: string, term: JsonObject): void {
  validateLabelSelector(errors, `${path}.labelSelector`, optional(term, 'labelSelector'));
  validateLabelSelector(errors, `${path}.namespaceSelector`, optional(term, 'namespaceSelector'));
  for (const name of texts(term, 'namespaces')) check(errors, `${path}.namespace`, name, dnsLabel);
  validateTopologyKey(errors, `${path}.topologyKey`, term);
}

function validateTopologyKey(errors: FieldErrors, path: string, object: JsonObject): void {
  const key = text(object, 'topologyKey');
  if (key === '') errors.required(path, 'can not be empty');
  check(errors, path, key, qualifiedName);
}

function validateWeight(errors: FieldErrors, path: string, term: JsonObject): void {
  const weight = number(term, 'weight') ?? 0;
  if (weight < 1 || weight > 100) errors.invalid(path, weight, 'must be in the range 1-100');
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTaintEffect(errors: FieldErrors, path: string, effect: string): void {
  if (effect === '') errors.required(path);
  else if (!effects.includes(effect)) errors.notSupported(path, effect, effects);
}

export function validateTolerations(errors: FieldErrors, path: string, tolerations: readonly JsonObject[]): void {
  for (const [index, toleration] of tolerations.entries()) {
    const at = `${path}[${index}]`;
    const key = text(toleration, 'key');
    const operator = text(toleration, 'operator');
    const value = text(toleration, 'value');
    const effect = text(toleration, 'effect');
    if (key !== '') check(errors, `${at}.key`, key, qualifiedName);
    else if (operator !== 'Exists')
      errors.invalid(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    if (toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute')
      errors.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (operator === '' || operator === 'Equal') check(errors, `${at}.operator`, value, labelValue);
    else if (operator !== 'Exists') errors.notSupported(`${at}.operator`, operator, ['Equal', 'Exists']);
    else if (value !== '')
      errors.invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
    if (effect !== '') validateTaintEffect(errors, `${at}.effect`, effect);
  }
}

const inclusions = ['Honor', 'Ignore'];
const whenUnsatisfiable = ['DoNotSchedule', 'ScheduleAnyway'];

export function validateTopologySpread(errors: FieldErrors, path: string, constraints: readonly JsonObject[]): void {
  const pairs = constraints.map(
    (constraint) => `{${text(constraint, 'topologyKey')}, ${text(constraint, 'whenUnsatisfiable')}}`,
  );
  const last = new Map(pairs.map((pair, index) => [pair, index] as const));
  for (const [index, constraint] of constraints.entries()) {
    const at = `${path}[${index}]`;
    const maxSkew = number(constraint, 'maxSkew') ?? 0;
    const action = text(constraint, 'whenUnsatisfiable');
    if (maxSkew <= 0) errors.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero');
    if (text(constraint, 'topologyKey') === '') errors.required(`${at}.topologyKey`, 'can not be empty');
    if (!whenUnsatisfiable.includes(action)) errors.notSupported(`${at}.whenUnsatisfiable`, action, whenUnsatisfiable);
    const minDomains = number(constraint, 'minDomains');
    if (minDomains !== undefined && minDomains <= 0)
      errors.invalid(`${at}.minDomains`, minDomains, 'must be greater than zero');
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy']) {
      const policy = constraint[field] as string | undefined;
      if (policy !== undefined && !inclusions.includes(policy))
        errors.notSupported(`${at}.${field}`, policy, inclusions);
    }
    for (const [position, key] of texts(constraint, 'matchLabelKeys').entries())
      check(errors, `${at}.matchLabelKeys[${position}]`, key, qualifiedName);
    const pair = pairs[index]!;
    // The last one of a kind is the one that may stay.
    if (last.get(pair) !== index) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair);
    validateLabelSelector(errors, `${at}.labelSelector`, optional(constraint, 'labelSelector'));
  }
}
