// One rule of a role: what it covers (pkg/apis/rbac/v1 evaluation_helpers.go). Pure.
import type { KubernetesObject, LabelSelector } from '../../api/index.ts';
import type { AuthorizationAttributes } from './authorize.ts';

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export type Role = KubernetesObject & {
  readonly rules?: readonly PolicyRule[];
  /** Cluster roles only: its rules are those of the cluster roles with these labels. */
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
};

export interface Subject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export type RoleBinding = KubernetesObject & { readonly subjects?: readonly Subject[]; readonly roleRef: RoleRef };

export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!covers(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, attributes.path));
  const { group, resource, subresource, name = '' } = attributes;
  const { resourceNames = [] } = rule;
  return (
    covers(rule.apiGroups, group) &&
    coversResource(rule.resources ?? [], resource, subresource) &&
    // A rule with names never covers what has no name yet: create, list, deletecollection.
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}

function covers(entries: readonly string[] | undefined, wanted: string): boolean {
  return entries?.some((entry) => entry === '*' || entry === wanted) ?? false;
}

// `pods`, `pods/log`, and `*/scale` for the scale subresource of everything.
function coversResource(entries: readonly string[], resource: string, subresource: string | undefined): boolean {
  const wanted = subresource === undefined ? resource : `${resource}/${subresource}`;
  return entries.some(
    (entry) => entry === '*' || entry === wanted || (subresource !== undefined && entry === `*/${subresource}`),
  );
}

function coversPath(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

/**
 * What of `wanted` no rule of `held` grants, one simple rule each (component-helpers/auth/rbac/validation Covers):
 * nobody may give away more than he has.
 */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !held.some((rule) => includesRule(rule, part)));
}

/** A rule as rules of one verb, group, resource and name each. */
function breakDown(rule: PolicyRule): readonly PolicyRule[] {
  const simple: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) simple.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? []) {
        const base = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if ((rule.resourceNames ?? []).length === 0) simple.push(base);
        for (const name of rule.resourceNames ?? []) simple.push({ ...base, resourceNames: [name] });
      }
  }
  return simple;
}

function includesRule(held: PolicyRule, part: PolicyRule): boolean {
  if (!covers(held.verbs, part.verbs[0]!)) return false;
  const url = part.nonResourceURLs?.[0];
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((own) => coversPath(own, url));
  const [resource = '', subresource] = part.resources![0]!.split('/');
  const names = held.resourceNames ?? [];
  const name = part.resourceNames?.[0];
  return (
    covers(held.apiGroups, part.apiGroups![0]!) &&
    coversResource(held.resources ?? [], resource, subresource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

/** Whether the subject of a binding is this user; `bindingNamespace` is where a service account without one is. */
export function isSubject(
  { kind, name, namespace }: Subject,
  user: { readonly name: string; readonly groups: readonly string[] },
  bindingNamespace: string | undefined,
): boolean {
  if (kind === 'User') return user.name === name;
  if (kind === 'Group') return user.groups.includes(name);
  const home = namespace === undefined || namespace === '' ? bindingNamespace : namespace;
  return kind === 'ServiceAccount' && home !== undefined && user.name === serviceAccountUserName(home, name);
}

export function serviceAccountUserName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}
