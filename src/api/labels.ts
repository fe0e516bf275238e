// Label selectors: the object form (workloads) and the text form (?labelSelector=). Both compile to one predicate.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
import type { LabelSelector } from './meta.ts';
import { isLabelValue, isQualifiedName } from './names.ts';
import { StatusError } from './status-error.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelPredicate = (labels: Labels | undefined) => boolean;

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

const everything: LabelPredicate = () => true;
const nothing: LabelPredicate = () => false;

/** An absent selector matches nothing, an empty one everything (metav1.LabelSelectorAsSelector). */
export function compileLabelSelector(selector: LabelSelector | undefined): LabelPredicate {
  if (selector === undefined) return nothing;
  const requirements: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    // A malformed requirement selects nothing rather than everything.
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) return nothing;
    } else if ((operator !== 'Exists' && operator !== 'DoesNotExist') || values.length > 0) return nothing;
    requirements.push({ key, operator, values });
  }
  return compile(requirements);
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/**
 * Parses the text form: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`, joined by commas.
 * @throws StatusError BadRequest when it is no such thing.
 */
export function parseLabelSelector(text: string): LabelPredicate {
  return compile(parseRequirements(text));
}

/** The text form of an object selector, for a request's labelSelector parameter. */
export function formatLabelSelector(selector: LabelSelector): string {
  const equalities = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${(values ?? []).join(',')})`;
  });
  return [...equalities, ...expressions].join(',');
}

function compile(requirements: readonly Requirement[]): LabelPredicate {
  if (requirements.length === 0) return everything;
  return (labels) => requirements.every((requirement) => meets(requirement, labels));
}

function meets({ key, operator, values }: Requirement, labels: Labels | undefined): boolean {
  const present = labels !== undefined && Object.hasOwn(labels, key);
  const value = present ? labels[key]! : '';
  switch (operator) {
    case 'In':
      return present && values.includes(value);
    case 'NotIn':
      return !present || !values.includes(value);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    case 'Gt':
      return present && compareIntegers(value, values[0], (a, b) => a > b);
    case 'Lt':
      return present && compareIntegers(value, values[0], (a, b) => a < b);
  }
}

const integer = /^[+-]?\d+$/;

/** Gt and Lt compare as 64-bit integers; anything else does not match. */
export function compareIntegers(
  left: string,
  right: string | undefined,
  holds: (a: bigint, b: bigint) => boolean,
): boolean {
  if (right === undefined || !integer.test(left) || !integer.test(right)) return false;
  return holds(BigInt(left), BigInt(right));
}

const setBased = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const comparison = /^([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>]*)$/;
const existence = /^(!?)\s*([^\s=!<>()]+)$/;

function parseRequirements(text: string): Requirement[] {
  if (text.trim() === '') return [];
  return splitOutsideParentheses(text).map((part) => check(parseOne(part.trim(), text), text));
}

function parseOne(part: string, whole: string): Requirement {
  const set = setBased.exec(part);
  if (set !== null) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return { key: set[1]!, operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const compared = comparison.exec(part);
  if (compared !== null) {
    const operator = ({ '=': 'In', '==': 'In', '!=': 'NotIn', '>': 'Gt', '<': 'Lt' } as const)[compared[2] as '='];
    return { key: compared[1]!, operator, values: [compared[3]!] };
  }
  const exists = existence.exec(part);
  if (exists !== null) return { key: exists[2]!, operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] };
  throw unparsable(whole, `found '${part}'`);
}

function check(requirement: Requirement, whole: string): Requirement {
  if (!isQualifiedName(requirement.key)) throw unparsable(whole, `'${requirement.key}' is no label key`);
  const bad = requirement.values.find((value) => !isLabelValue(value));
  if (bad !== undefined) throw unparsable(whole, `'${bad}' is no label value`);
  const { operator, values } = requirement;
  if ((operator === 'Gt' || operator === 'Lt') && !integer.test(values[0]!))
    throw unparsable(whole, `'${values[0]}' is no integer`);
  return requirement;
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unparsable(text: string, why: string): StatusError {
  return new StatusError('BadRequest', `unable to parse requirement: ${why} in selector '${text}'`);
}
