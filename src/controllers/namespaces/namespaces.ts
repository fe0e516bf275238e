// A namespace that is being deleted: everything in it goes, then its `kubernetes` finalizer, and with that the
// namespace. What still stands in the way is said in its conditions (kube-controller-manager's namespace controller).
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/
import {
  isReason,
  type Namespace,
  parseTime,
  type Resource,
  resources as known,
  type Stored,
} from '../../api/index.ts';
import { type ControllerContext, listWatch, oneVersionEach, type ServedResources } from '../../client/index.ts';
import {
  composeController,
  createAdaptiveConcurrency,
  createWorkQueue,
  type RunningController,
  startReflector,
  type WorkOutcome,
} from '../../machinery/index.ts';
import { type Remaining, terminationConditions } from './conditions.ts';

export interface NamespacesOptions extends ControllerContext {
  /** Every resource whose objects can be deleted. */
  readonly resources: ServedResources;
}

/** Namespaces emptied at once; kube-controller-manager's --concurrent-namespace-syncs is 10. */
const concurrency = 10;
/** How soon to look again at content that is on its way out (pods have a grace period): the longer it takes, the later. */
const recheckMs = { least: 500, most: 15_000 };
const pageItemsMax = 500;
const finalizer = 'kubernetes';

export function runNamespaces(options: NamespacesOptions): RunningController {
  const { client, clock, random, signal } = options;
  const log = options.log.child({ controller: 'namespaces' });
  const deletes = createAdaptiveConcurrency({ clock });

  /** Asks for the deletion of everything of one resource, and says what was there. */
  const empty = async (resource: Resource, namespace: string): Promise<Remaining | undefined> => {
    let count = 0;
    const finalizers: string[] = [];
    let token: string | undefined;
    do {
      const more = token === undefined ? {} : { continue: token };
      const page = await client.list(resource, { namespace, limit: pageItemsMax, signal, ...more });
      count += page.items.length;
      for (const { metadata } of page.items) finalizers.push(...(metadata.finalizers ?? []));
      const present = page.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      await Promise.all(
        present.map(({ metadata }) =>
          deletes.run(() => remove(resource, namespace, metadata.name, metadata.uid), { signal }),
        ),
      );
      token = page.metadata.continue;
    } while (token !== undefined && token !== '');
    return count === 0 ? undefined : { resource, count, finalizers };
  };

  const remove = async (resource: Resource, namespace: string, name: string, uid: string): Promise<void> => {
    try {
      await client.delete(resource, namespace, name, {
        propagationPolicy: 'Background',
        preconditions: { uid },
        signal,
      });
    } catch (error) {
      // Gone already, or another object of that name, which the next look finds.
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  };

  const work = async (name: string): Promise<WorkOutcome | void> => {
    const namespace = reflector.get(name);
    if (namespace === undefined || !namespace.spec?.finalizers?.includes(finalizer)) return;
    // Those that are served now: custom ones come and go.
    const resources = oneVersionEach(options.resources.all()).filter(({ namespaced }) => namespaced);
    const results = await Promise.allSettled(resources.map((resource) => empty(resource, name)));
    signal.throwIfAborted();
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    const before = results.flatMap((result) =>
      result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
    );
    // What had neither finalizer nor grace period is gone by now: only what was there is counted again.
    const remaining = (await Promise.all(before.map((found) => recount(found, name)))).filter(({ count }) => count > 0);
    if (failures.length === 0 && remaining.length === 0) {
      await finalize(namespace);
      return;
    }
    await report(namespace, remaining, failures);
    if (failures.length > 0) throw new AggregateError(failures, `namespace ${name}: not everything could be deleted`);
    const age = clock.now() - (parseTime(namespace.metadata.deletionTimestamp) ?? clock.now());
    return { againAfterMs: Math.min(Math.max(age / 4, recheckMs.least), recheckMs.most) };
  };

  const recount = async ({ resource }: Remaining, namespace: string): Promise<Remaining> => {
    const page = await client.list(resource, { namespace, limit: pageItemsMax, signal });
    const count = page.items.length + (page.metadata.remainingItemCount ?? 0);
    return { resource, count, finalizers: page.items.flatMap(({ metadata }) => metadata.finalizers ?? []) };
  };

  const finalize = async (namespace: Stored<Namespace>): Promise<void> => {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((entry) => entry !== finalizer);
    const next: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers } };
    await whilePresent(client.update(known.namespaces, next, { subresource: 'finalize', signal }));
    log.info('namespace is empty', { namespace: namespace.metadata.name });
  };

  const report = async (
    namespace: Stored<Namespace>,
    remaining: readonly Remaining[],
    failures: readonly Error[],
  ): Promise<void> => {
    const conditions = terminationConditions(namespace.status?.conditions, remaining, failures, clock.now());
    if (conditions === namespace.status?.conditions) return;
    const next: Namespace = { ...namespace, status: { ...namespace.status, phase: 'Terminating', conditions } };
    await whilePresent(client.update(known.namespaces, next, { subresource: 'status', signal }));
  };

  const queue = createWorkQueue<string>({
    clock,
    concurrency,
    signal,
    work,
    onFailure(name, error, failures, retryAfterMs) {
      const level = isReason(error, 'Conflict') ? 'debug' : 'warn';
      log[level]('emptying a namespace failed', { namespace: name, failures, retryAfterMs, error });
    },
  });

  const reflector = startReflector({
    source: listWatch(client, known.namespaces),
    clock,
    random,
    log,
    signal,
    // Only those on their way out are of interest.
    project: (namespace) => (namespace.metadata.deletionTimestamp === undefined ? undefined : namespace),
    handlers: {
      applied: ({ metadata }) => queue.add(metadata.name),
      removed: ({ metadata }) => queue.forget(metadata.name),
    },
  });
  return composeController('namespaces', [reflector, queue]);
}

/** A namespace that is gone needs no more writes. */
async function whilePresent(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}
