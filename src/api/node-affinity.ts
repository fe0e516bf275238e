// Required node affinity, compiled to a predicate once. Terms are ORed, the requirements of a term ANDed.
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from './core.ts';
import { compareIntegers, type Labels } from './labels.ts';

export type NodePredicate = (labels: Labels | undefined, nodeName: string) => boolean;

/** The one field that matchFields may name. */
export const nodeNameField = 'metadata.name';

/** No terms, an empty term or a malformed requirement match no node (component-helpers nodeaffinity). */
export function compileNodeSelector(selector: NodeSelector): NodePredicate {
  const terms = selector.nodeSelectorTerms.map(compileTerm);
  return (labels, nodeName) => terms.some((term) => term(labels, nodeName));
}

/**
 * The node a pod is pinned to by `matchFields metadata.name In [node]`, looked for in every required term: what a
 * DaemonSet pod carries before it is bound. Undefined when no requirement pins exactly one name.
 */
export function pinnedNode(selector: NodeSelector | undefined): string | undefined {
  for (const term of selector?.nodeSelectorTerms ?? [])
    for (const { key, operator, values } of term.matchFields ?? [])
      if (key === nodeNameField && operator === 'In') return values?.length === 1 ? values[0] : undefined;
  return undefined;
}

function compileTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodePredicate {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const onLabels = matchExpressions.map(compileRequirement);
  const onFields = matchFields.map((requirement) => ({ key: requirement.key, meets: compileField(requirement) }));
  return (labels, nodeName) =>
    onLabels.every((meets) => meets(labels)) &&
    onFields.every(({ key, meets }) => key === nodeNameField && meets(nodeName));
}

function compileField({ operator, values = [] }: NodeSelectorRequirement): (value: string) => boolean {
  // Field selectors know equality alone, with exactly one value.
  if (values.length !== 1) return () => false;
  if (operator === 'In') return (value) => value === values[0];
  if (operator === 'NotIn') return (value) => value !== values[0];
  return () => false;
}

function compileRequirement({
  key,
  operator,
  values = [],
}: NodeSelectorRequirement): (labels: Labels | undefined) => boolean {
  const read = (labels: Labels | undefined) =>
    labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In': {
      const wanted = new Set(values);
      return (labels) => {
        const value = read(labels);
        return value !== undefined && wanted.has(value);
      };
    }
    case 'NotIn': {
      if (values.length === 0) return () => false;
      const unwanted = new Set(values);
      return (labels) => {
        const value = read(labels);
        return value === undefined || !unwanted.has(value);
      };
    }
    case 'Exists':
      return (labels) => values.length === 0 && read(labels) !== undefined;
    case 'DoesNotExist':
      return (labels) => values.length === 0 && read(labels) === undefined;
    case 'Gt':
    case 'Lt': {
      if (values.length !== 1) return () => false;
      const holds = operator === 'Gt' ? (a: bigint, b: bigint) => a > b : (a: bigint, b: bigint) => a < b;
      return (labels) => {
        const value = read(labels);
        return value !== undefined && compareIntegers(value, values[0], holds);
      };
    }
    default:
      return () => false;
  }
}
