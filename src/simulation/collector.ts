// A plain model of Kubernetes' garbage collector for DaemonSets: what a deleted owner leaves behind is deleted with it
// (background), before it (foreground), or let go (orphan).
import { controllerOf, type Resource, resources } from '../api/index.ts';
import type { StoredObject } from './archive.ts';
import type { ModelServer } from './model-server.ts';

const actor = 'collector';
const owned: readonly Resource[] = [resources.pods, resources.controllerRevisions];

export function collectGarbage(server: ModelServer): void {
  for (const owner of server.all(resources.daemonSets)) {
    const finalizers = owner.metadata.deletionTimestamp === undefined ? [] : (owner.metadata.finalizers ?? []);
    if (finalizers.length === 0) continue;
    const dependents = owned.flatMap((resource) =>
      server
        .all(resource)
        .filter(({ metadata }) => controllerOf(metadata)?.uid === owner.metadata.uid)
        .map((object) => ({ resource, object })),
    );
    if (finalizers.includes('orphan')) for (const { resource, object } of dependents) letGo(server, resource, object);
    else if (dependents.length > 0) {
      for (const { resource, object } of dependents) remove(server, resource, object);
      continue;
    }
    server.remove(actor, resources.daemonSets, owner);
  }
  const owners = new Set(server.all(resources.daemonSets).map(({ metadata }) => metadata.uid));
  for (const resource of owned)
    for (const object of server.all(resource)) {
      const controller = controllerOf(object.metadata);
      if (controller !== undefined && !owners.has(controller.uid)) remove(server, resource, object);
    }
}

function letGo(server: ModelServer, resource: Resource, object: StoredObject): void {
  const { ownerReferences: _, ...metadata } = object.metadata;
  server.update(actor, resource, { ...object, metadata });
}

function remove(server: ModelServer, resource: Resource, { metadata }: StoredObject): void {
  if (metadata.deletionTimestamp === undefined)
    server.delete(actor, resource, metadata.namespace, metadata.name, { preconditions: { uid: metadata.uid } });
}
