// RBAC: every stored role and binding, followed in the store, and what they allow whom. Deciding is synchronous and
// cheap: what a user holds in a namespace is worked out once per state of the roles.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
import { compileLabelSelector, type KubernetesObject } from '../../api/index.ts';
import type { Clock } from '../../machinery/index.ts';
import type { Store } from '../../store/index.ts';
import type { User } from '../request.ts';
import { prefixOf, stored } from '../storage.ts';
import type { AuthorizationAttributes, Decision } from './authorize.ts';
import { isSubject, type PolicyRule, type Role, type RoleBinding, ruleAllows, type Subject } from './rbac-rules.ts';

const group = 'rbac.authorization.k8s.io';
const kinds = ['clusterroles', 'roles', 'clusterrolebindings', 'rolebindings'] as const;
type Kind = (typeof kinds)[number];
/** After the store has ended a watch, time until it is followed anew. Until then the roles are as they were. */
const followAgainMs = 1_000;

/** A rule that somebody holds, and what gave it to him. */
export interface Grant {
  readonly rule: PolicyRule;
  readonly binding: RoleBinding;
  readonly subject: Subject;
}

export interface Rbac {
  /** What the user holds in the namespace, cluster-wide grants included; undefined: those alone. */
  grants(user: User, namespace: string | undefined): readonly Grant[];
  readonly decide: (attributes: AuthorizationAttributes) => Decision;
  /** The rules of what a binding refers to; undefined when there is no such role. */
  rulesOf(kind: string, namespace: string | undefined, name: string): readonly PolicyRule[] | undefined;
  close(): void;
}

/** Resolves once everything that is stored counts. `failed` hears when the store cannot be followed for a while. */
export async function startRbac(store: Store, clock: Clock, failed: (error: unknown) => void): Promise<Rbac> {
  const objects: Readonly<Record<Kind, Map<string, KubernetesObject>>> = {
    clusterroles: new Map(),
    roles: new Map(),
    clusterrolebindings: new Map(),
    rolebindings: new Map(),
  };
  /** Worked-out grants by user and namespace ('' for the cluster); forgotten with every change. */
  let known = new WeakMap<User, Map<string, readonly Grant[]>>();
  const cancels = new Map<Kind, () => void>();
  let closed = false;

  const follow = async (kind: Kind): Promise<void> => {
    const prefix = prefixOf({ storage: `${kind}.${group}`, namespaced: true }, undefined);
    const { entries, revision } = await store.range(prefix);
    if (closed) return;
    const held = objects[kind];
    held.clear();
    for (const { key, value } of entries) held.set(key.slice(prefix.length), stored(value));
    known = new WeakMap();
    const stop = store.watch(prefix, revision, {
      events(events) {
        for (const { type, key, value } of events)
          if (type === 'delete') held.delete(key.slice(prefix.length));
          else held.set(key.slice(prefix.length), stored(value));
        known = new WeakMap();
      },
      end(error) {
        if (!closed && error !== undefined) again(kind, error);
      },
    });
    cancels.set(kind, stop);
  };
  const again = (kind: Kind, error: unknown) => {
    failed(error);
    const cancel = clock.after(followAgainMs, () => {
      follow(kind).catch((failure: unknown) => {
        if (!closed) again(kind, failure);
      });
    });
    cancels.set(kind, cancel);
  };
  await Promise.all(kinds.map(follow));

  const rulesOfClusterRole = (role: Role): readonly PolicyRule[] => {
    const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(compileLabelSelector);
    if (selectors.length === 0) return role.rules ?? [];
    const parts = [...objects.clusterroles.values()].filter(
      (other) => other !== role && selectors.some((matches) => matches(other.metadata.labels)),
    );
    return [...(role.rules ?? []), ...parts.flatMap((part) => (part as Role).rules ?? [])];
  };
  const rulesOf: Rbac['rulesOf'] = (kind, namespace, name) => {
    const role: Role | undefined =
      kind === 'Role' ? objects.roles.get(`${namespace}/${name}`) : objects.clusterroles.get(name);
    return role === undefined ? undefined : rulesOfClusterRole(role);
  };
  const workOut = (user: User, namespace: string): readonly Grant[] => {
    const grants: Grant[] = [];
    const add = (binding: RoleBinding, home: string | undefined) => {
      const subject = binding.subjects?.find((candidate) => isSubject(candidate, user, home));
      if (subject === undefined) return;
      const { kind, name } = binding.roleRef;
      for (const rule of rulesOf(kind, home, name) ?? []) grants.push({ rule, binding, subject });
    };
    for (const binding of objects.clusterrolebindings.values()) add(binding as RoleBinding, undefined);
    if (namespace !== '')
      for (const [key, binding] of objects.rolebindings)
        if (key.startsWith(`${namespace}/`)) add(binding as RoleBinding, namespace);
    return grants;
  };
  const grants: Rbac['grants'] = (user, namespace = '') => {
    let byNamespace = known.get(user);
    if (byNamespace === undefined) known.set(user, (byNamespace = new Map()));
    let found = byNamespace.get(namespace);
    if (found === undefined) byNamespace.set(namespace, (found = workOut(user, namespace)));
    return found;
  };
  return {
    grants,
    rulesOf,
    decide(attributes) {
      const namespace = 'path' in attributes ? undefined : attributes.namespace;
      const grant = grants(attributes.user, namespace).find(({ rule }) => ruleAllows(rule, attributes));
      return grant === undefined ? { allowed: false, reason: '' } : { allowed: true, reason: reasonOf(grant) };
    },
    close() {
      closed = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}

function reasonOf({ binding, subject }: Grant): string {
  const { namespace, name = '' } = binding.metadata;
  const bound = namespace === undefined ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const who =
    subject.kind === 'ServiceAccount'
      ? `ServiceAccount "${subject.name}/${subject.namespace}"`
      : `${subject.kind} "${subject.name}"`;
  return `RBAC: allowed by ${bound} of ${binding.roleRef.kind} "${binding.roleRef.name}" to ${who}`;
}
