// Nobody gives away rights that he does not hold (pkg/registry/rbac/clusterrole/policybased), unless he may `escalate`
// roles or `bind` them. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
import { forbidden } from '../errors.ts';
import type { WriteContext } from '../resources/definition.ts';
import { sameJson } from '../same-json.ts';
import { isMaster } from './authorize.ts';
import { type PolicyRule, type Role, type RoleBinding, uncovered } from './rbac-rules.ts';

export function preventRoleEscalation(next: Role, before: Role | undefined, context: WriteContext): void {
  if (before !== undefined && sameJson([next.rules, next.aggregationRule], [before.rules, before.aggregationRule]))
    return;
  if (isExempt(context, 'escalate', next.metadata.namespace, next.metadata.name)) return;
  // Which roles an aggregation will gather, nobody knows yet: it can be everything.
  const wanted = next.aggregationRule === undefined ? (next.rules ?? []) : everything;
  requireHeld(context, next.metadata.namespace, next.metadata.name ?? '', wanted);
}

export function preventBindingEscalation(
  next: RoleBinding,
  before: RoleBinding | undefined,
  context: WriteContext,
): void {
  if (before !== undefined && sameJson([next.subjects, next.roleRef], [before.subjects, before.roleRef])) return;
  const { namespace, name = '' } = next.metadata;
  const roleRef = next.roleRef as RoleBinding['roleRef'] | undefined;
  // Not valid, and refused as that in a moment.
  if (roleRef === undefined) return;
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (isExempt(context, 'bind', namespace, roleRef.name, resource)) return;
  const rules = context.server.rbac.rulesOf(roleRef.kind, namespace, roleRef.name);
  if (rules === undefined)
    throw forbidden(
      context.definition,
      name,
      `the role "${roleRef.name}" does not exist: only who may bind roles can refer to it`,
    );
  requireHeld(context, namespace, name, rules);
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

function isExempt(
  { server, definition, user }: WriteContext,
  verb: string,
  namespace: string | undefined,
  name = '',
  resource = definition.name,
): boolean {
  if (isMaster(user)) return true;
  const where = namespace === undefined ? {} : { namespace };
  return server.rbac.decide({ user, verb, group: definition.group, resource, name, ...where }).allowed;
}

function requireHeld(
  { server, definition, user }: WriteContext,
  namespace: string | undefined,
  name: string,
  wanted: readonly PolicyRule[],
): void {
  const missing = uncovered(
    server.rbac.grants(user, namespace).map(({ rule }) => rule),
    wanted,
  );
  if (missing.length === 0) return;
  const groups = JSON.stringify(user.groups);
  throw forbidden(
    definition,
    name,
    `user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${missing.map(inWords).join('\n')}`,
  );
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as upstream's CompactString. */
function inWords({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  };
  const said = Object.entries(parts).filter(([, values]) => values !== undefined);
  return `{${said.map(([label, values]) => `${label}:${JSON.stringify(values)}`).join(', ')}}`;
}
