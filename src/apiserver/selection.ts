// Label and field selectors of a list, watch or deletecollection, compiled into one predicate.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
import { type KubernetesObject, parseLabelSelector, StatusError } from '../api/index.ts';
import type { ResourceDefinition } from './resources/definition.ts';

export interface Selection {
  /** Reads the object's own fields only, never resourceVersion. */
  readonly matches: (object: KubernetesObject) => boolean;
  /** Set when only this name can match: the reader needs no scan. */
  readonly name?: string;
  /** No selector at all. */
  readonly everything: boolean;
}

interface Requirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

export function compileSelection(
  definition: ResourceDefinition,
  query: Readonly<Record<string, string>> | undefined,
  name: string | undefined,
): Selection {
  const labelText = query?.labelSelector ?? '';
  const labels = labelText === '' ? undefined : parseLabelSelector(labelText);
  const requirements = parseFieldSelector(query?.fieldSelector ?? '');
  if (name !== undefined) requirements.push({ field: 'metadata.name', equal: true, value: name });
  const checks = requirements.map((requirement) => compileRequirement(definition, requirement));
  const exact = requirements.find(({ field, equal }) => equal && field === 'metadata.name')?.value;
  return {
    matches: (object) =>
      (labels === undefined || labels(object.metadata.labels)) && checks.every((check) => check(object)),
    ...(exact === undefined || exact === '' || exact.includes('/') ? {} : { name: exact }),
    everything: labels === undefined && checks.length === 0,
  };
}

/** What a field selector says about the object's name and node: the authorizer wants to know (KEP-4601). */
export function namedBySelector(query: Readonly<Record<string, string>> | undefined): {
  readonly name?: string;
  readonly nodeName?: string;
} {
  if ((query?.fieldSelector ?? '') === '') return {};
  const equal = parseFieldSelector(query!.fieldSelector!).filter((requirement) => requirement.equal);
  const valueOf = (wanted: string) => equal.find(({ field, value }) => field === wanted && value !== '')?.value;
  const name = valueOf('metadata.name');
  const nodeName = valueOf('spec.nodeName');
  return { ...(name === undefined ? {} : { name }), ...(nodeName === undefined ? {} : { nodeName }) };
}

function compileRequirement(
  definition: ResourceDefinition,
  { field, equal, value }: Requirement,
): (object: KubernetesObject) => boolean {
  const read = fieldReader(definition, field);
  return (object) => (read(object) === value) === equal;
}

function fieldReader(definition: ResourceDefinition, field: string): (object: KubernetesObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  if (Object.hasOwn(definition.fields, field)) return definition.fields[field]!;
  // Kinds with fields of their own say it in other words than the rest; so do custom ones.
  const hasOwn =
    Object.keys(definition.fields).length > 0 ||
    (definition.group.includes('.') && !definition.group.endsWith('.k8s.io'));
  throw new StatusError(
    'BadRequest',
    hasOwn
      ? `field label not supported: ${field}`
      : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

/** `a=b,c==d,e!=f`; a backslash escapes comma, equals sign and itself. */
function parseFieldSelector(text: string): Requirement[] {
  const requirements: Requirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term);
    if (match === null)
      throw new StatusError('BadRequest', `invalid field selector "${text}": can't understand '${term}'`);
    const value = match[3]!.replaceAll(/\\([\\,=])/g, '$1');
    requirements.push({ field: match[1]!.trim(), equal: match[2] !== '!=', value });
  }
  return requirements;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\\') {
      term += character + (text[index + 1] ?? '');
      index += 1;
    } else if (character === ',') {
      terms.push(term);
      term = '';
    } else {
      term += character;
    }
  }
  return [...terms, term];
}
