// Garbage collection of owned objects: watches every deletable resource, keeps the owner graph, and does what decide.ts
// says. Holds no rule of its own; every write carries the UID and the version that the decision was made on.
import { isReason, type OwnerReference } from '../../api/index.ts';
import { type ControllerContext, type ServedResources } from '../../client/index.ts';
import { composeController, createWorkQueue, type RunningController } from '../../machinery/index.ts';
import { decide, isWaitingForDependents, orphanFinalizer } from './decide.ts';
import { createOwnerGraph, type OwnedObject, projectOwned } from './owner-graph.ts';
import { watchOwned } from './owned-objects.ts';
import { createOwnerStates } from './owner-state.ts';

export interface GarbageCollectorOptions extends ControllerContext {
  /** Every resource whose objects can own or be owned, those that come later included. */
  readonly resources: ServedResources;
  /** Objects in work at once; kube-controller-manager's --concurrent-gc-syncs is 20. */
  readonly concurrency?: number;
}

const defaultConcurrency = 20;

export function runGarbageCollector(options: GarbageCollectorOptions): RunningController {
  const { client, clock, random, signal, resources, concurrency = defaultConcurrency } = options;
  const log = options.log.child({ controller: 'garbage-collector' });
  const graph = createOwnerGraph();
  const owners = createOwnerStates(client, graph, resources, signal);
  const write = { signal };

  const applied = (object: OwnedObject, previous: OwnedObject | undefined) => {
    graph.apply(object);
    const moved = previous === undefined || !sameOwners(previous, object) || !sameHolds(previous, object);
    if (!moved) return;
    if (object.owners.length > 0 || object.deleting) queue.add(object.uid);
    if (isWaitingForDependents(object) && (previous === undefined || !isWaitingForDependents(previous)))
      for (const dependent of graph.dependentsOf(object.uid)) queue.add(dependent.uid);
    if (previous !== undefined) wakeWaitingOwners(previous);
  };

  const removed = (object: OwnedObject) => {
    graph.remove(object);
    for (const dependent of graph.dependentsOf(object.uid)) queue.add(dependent.uid);
    wakeWaitingOwners(object);
  };

  /** An owner that waits in the foreground may go when the last dependent that blocks it has gone. */
  const wakeWaitingOwners = (dependent: OwnedObject) => {
    for (const { uid } of dependent.owners) {
      const owner = graph.get(uid);
      if (owner !== undefined && isWaitingForDependents(owner) && !graph.isBlocked(uid)) queue.add(uid);
    }
  };

  const work = async (uid: string): Promise<void> => {
    // Before every list is in, an owner that was not seen yet would look absent.
    await synced;
    const object = graph.get(uid);
    if (object === undefined) return;
    const states = await Promise.all(
      object.owners.map(async (reference) => ({ reference, state: await owners.of(reference, object) })),
    );
    const waits = states.some(({ state }) => state === 'waiting');
    const decision = decide(object, {
      owners: states,
      hasDependents: graph.hasDependents(uid),
      isBlocked: graph.isBlocked(uid),
      dependentWaits: waits && graph.dependentsOf(uid).some(isWaitingForDependents),
    });
    const { action, reason } = decision;
    if (action === 'nothing') return;
    log.debug(action, { reason, resource: object.resource.name, namespace: object.namespace, name: object.name });
    try {
      switch (decision.action) {
        case 'delete':
          await remove(object, decision.policy);
          break;
        case 'drop-references':
          await dropReferences(object, new Set(decision.uids));
          break;
        case 'unblock-owners':
          await replaceReferences(
            object,
            object.owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
          );
          break;
        case 'orphan-dependents':
          await orphanDependents(object);
          break;
        case 'remove-finalizer':
          await removeFinalizer(object, decision.finalizer);
          break;
      }
    } catch (error) {
      // Gone is what was wanted, or makes the question moot.
      if (!isReason(error, 'NotFound')) throw error;
    }
  };

  const remove = (
    { resource, namespace, name, uid, resourceVersion }: OwnedObject,
    propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
  ) => client.delete(resource, namespace, name, { propagationPolicy, preconditions: { uid, resourceVersion }, signal });

  const patchMetadata = ({ resource, namespace, name, uid, resourceVersion }: OwnedObject, metadata: object) =>
    client.patch(resource, namespace, name, 'merge', { metadata: { uid, resourceVersion, ...metadata } }, write);

  const dropReferences = async (object: OwnedObject, uids: ReadonlySet<string>): Promise<void> => {
    await replaceReferences(
      object,
      object.owners.filter((owner) => !uids.has(owner.uid)),
    );
  };

  const replaceReferences = async (object: OwnedObject, references: readonly OwnerReference[]): Promise<void> => {
    const patched = await patchMetadata(object, { ownerReferences: references.length === 0 ? null : references });
    // Known at once, not only when the watch says so: an orphan must not look like one that its owner left behind.
    if (graph.get(object.uid) !== undefined) graph.apply(projectOwned(object.resource, patched));
  };

  const removeFinalizer = async (object: OwnedObject, finalizer: string): Promise<void> => {
    const rest = object.finalizers.filter((entry) => entry !== finalizer);
    await patchMetadata(object, { finalizers: rest.length === 0 ? null : rest });
  };

  const orphanDependents = async (object: OwnedObject): Promise<void> => {
    const only = new Set([object.uid]);
    const dependents = [...graph.dependentsOf(object.uid)];
    for (let start = 0; start < dependents.length; start += concurrency)
      await Promise.all(dependents.slice(start, start + concurrency).map((dependent) => dropGently(dependent, only)));
    await removeFinalizer(object, orphanFinalizer);
  };

  const dropGently = async (dependent: OwnedObject, uids: ReadonlySet<string>): Promise<void> => {
    try {
      await dropReferences(dependent, uids);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  };

  const queue = createWorkQueue<string>({
    clock,
    concurrency,
    signal,
    work,
    onFailure(uid, error, failures, retryAfterMs) {
      // A conflict only means that the object moved on; its newer version is on the way here.
      const level = isReason(error, 'Conflict') ? 'debug' : 'warn';
      log[level]('garbage collection of an object failed', { uid, failures, retryAfterMs, error });
    },
  });

  const watched = watchOwned({ client, clock, random, log, signal, resources, handlers: { applied, removed } });
  const controller = composeController('garbage-collector', [watched, queue]);
  const { synced } = controller;
  return controller;
}

function sameOwners(a: OwnedObject, b: OwnedObject): boolean {
  return (
    a.owners.length === b.owners.length &&
    a.owners.every(({ uid, blockOwnerDeletion }, index) => {
      const other = b.owners[index]!;
      return other.uid === uid && other.blockOwnerDeletion === blockOwnerDeletion;
    })
  );
}

function sameHolds(a: OwnedObject, b: OwnedObject): boolean {
  return (
    a.deleting === b.deleting &&
    a.finalizers.length === b.finalizers.length &&
    a.finalizers.every((entry, index) => entry === b.finalizers[index])
  );
}
