// What every cluster has from its first start: the system namespaces and priority classes. Repeating it changes nothing.
import { isReason, type KubernetesObject } from '../api/index.ts';
import type { ApiHandler, User } from './request.ts';
import { systemNamespaces } from './resources/namespaces.ts';
import { systemPriorityClasses } from './resources/priority-classes.ts';

/** The server itself, as upstream's loopback client is called. */
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

export async function createSystemObjects(handler: ApiHandler): Promise<void> {
  const ensure = async (group: string, resource: string, body: KubernetesObject) => {
    try {
      await handler.handle({
        verb: 'create',
        group,
        version: 'v1',
        resource,
        body,
        user: self,
        userAgent: 'apiserver',
      });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  };
  for (const name of systemNamespaces) await ensure('', 'namespaces', { metadata: { name } });
  for (const priorityClass of systemPriorityClasses)
    await ensure('scheduling.k8s.io', 'priorityclasses', priorityClass);
}
