// What every cluster has from its first start: the system namespaces, priority classes, roles and bindings. Repeating
// it changes nothing, but for roles that a newer version of this server has learnt more about.
import { isReason, type KubernetesObject } from '../api/index.ts';
import { clusterRoleBindings, clusterRoles } from './auth/bootstrap-roles.ts';
import { autoUpdateAnnotation, rbacGroup } from './auth/roles.ts';
import type { ApiHandler, ApiRequest, User } from './request.ts';
import { systemNamespaces } from './resources/namespaces.ts';
import { systemPriorityClasses } from './resources/priority-classes.ts';
import { sameJson } from './same-json.ts';

/** The server itself, as upstream's loopback client is called. */
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

export async function createSystemObjects(handler: ApiHandler): Promise<void> {
  const call = (request: Pick<ApiRequest, 'verb' | 'group' | 'resource' | 'name' | 'body'>) =>
    handler.handle({ version: 'v1', user: self, userAgent: 'apiserver', ...request });
  const ensure = async (group: string, resource: string, body: KubernetesObject): Promise<boolean> => {
    try {
      await call({ verb: 'create', group, resource, body });
      return true;
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
      return false;
    }
  };
  /** Upstream's reconciliation: what is missing of ours is added, what was added by others stays. */
  const ensureList = async (resource: string, field: 'rules' | 'subjects', wanted: KubernetesObject) => {
    if (await ensure(rbacGroup, resource, wanted)) return;
    const name = wanted.metadata.name!;
    const found = (await call({ verb: 'get', group: rbacGroup, resource, name })).body as KubernetesObject;
    if (found.metadata.annotations?.[autoUpdateAnnotation] === 'false') return;
    const present = entriesOf(found, field);
    const missing = entriesOf(wanted, field).filter((entry) => !present.some((other) => sameJson(other, entry)));
    if (missing.length === 0) return;
    const body = { ...found, [field]: [...present, ...missing] };
    await call({ verb: 'update', group: rbacGroup, resource, name, body });
  };
  for (const name of systemNamespaces) await ensure('', 'namespaces', { metadata: { name } });
  await Promise.all([
    ...systemPriorityClasses.map((body) => ensure('scheduling.k8s.io', 'priorityclasses', body)),
    ...clusterRoles.map((role) => ensureList('clusterroles', 'rules', role)),
    ...clusterRoleBindings.map((binding) => ensureList('clusterrolebindings', 'subjects', binding)),
  ]);
}

function entriesOf(object: KubernetesObject, field: 'rules' | 'subjects'): readonly unknown[] {
  return (object as KubernetesObject & Partial<Record<typeof field, readonly unknown[]>>)[field] ?? [];
}
