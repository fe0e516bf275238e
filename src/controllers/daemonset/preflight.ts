// Is another DaemonSet controller at work on this cluster? Two of them would fight over every pod, so it is asked before
// the first write: a DaemonSet that selects no node is created, and whoever sets its observedGeneration is one. A busy
// one may be long in coming to it (kube-controller-manager: 20 writes a second, two DaemonSets at a time), but then it is
// given away by what it does meanwhile. Only asks; what to do about it is the host's decision. No pod is ever made for
// the probe.
import {
  controllerOf,
  type DaemonSet,
  isReason,
  type KubernetesList,
  parseTime,
  type Pod,
  resources,
  StatusError,
  type Stored,
} from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { ownedSinceFields } from '../../core/daemonset/index.ts';
import { type Clock, type Random, sleep } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';

export interface PreflightOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Where the probe is made. */
  readonly namespace: string;
  /** How long another controller may take to answer. */
  readonly waitMs: number;
}

export type PreflightResult =
  | { readonly kind: 'alone' }
  /** `manager`: who wrote a status, as the API server noted it. */
  | { readonly kind: 'occupied'; readonly manager: string | undefined; readonly did: Deed };

/** What gave it away. */
export type Deed = 'answered the probe' | 'made a pod of a DaemonSet' | 'wrote the status of a DaemonSet';

export const defaultPreflightWaitMs = 10_000;
const pollMs = 200;
const pageItemsMax = 500;
/** Times are of one API server or another, and what a leader before us wrote last is no sign of anybody. */
const skewMs = 2000;
const probeLabel = 'everynode.dev/preflight';
/** A probe this old was left behind by a process that died. */
const leftoverMs = 10 * 60_000;

/** Rejects with the StatusError of what the API server did not let us do. The probe is gone again in every case. */
export async function preflight(options: PreflightOptions): Promise<PreflightResult> {
  const { client, signal, namespace } = options;
  await removeLeftovers(options);
  const made = await client.create(resources.daemonSets, probe(namespace, options.random), { signal });
  try {
    return (await watchFor(options, made)) ?? (await lookAround(options, made)) ?? { kind: 'alone' };
  } finally {
    await remove(options, made);
  }
}

async function watchFor(
  { client, clock, signal, waitMs }: PreflightOptions,
  made: Stored<DaemonSet>,
): Promise<PreflightResult | undefined> {
  const { namespace, name } = made.metadata;
  const until = clock.now() + waitMs;
  for (;;) {
    const { status, metadata } = await client.get(resources.daemonSets, namespace, name, { signal });
    if ((status?.observedGeneration ?? 0) > 0)
      return { kind: 'occupied', manager: statusWriter(metadata.managedFields), did: 'answered the probe' };
    if (clock.now() >= until) return undefined;
    await sleep(clock, pollMs, signal);
  }
}

/** Has somebody worked on other DaemonSets since the probe was made? */
async function lookAround(
  { client, signal }: PreflightOptions,
  { metadata: probed }: Stored<DaemonSet>,
): Promise<PreflightResult | undefined> {
  const since = (parseTime(probed.creationTimestamp) ?? Number.POSITIVE_INFINITY) + skewMs;
  const isLater = (time: string | null | undefined) => (parseTime(time) ?? 0) > since;
  const { items } = await client.list(resources.daemonSets, { signal });
  for (const { metadata } of items) {
    const written = fieldOwners(metadata.managedFields).find(
      ({ subresource, time }) => subresource === 'status' && isLater(time),
    );
    if (written !== undefined)
      return { kind: 'occupied', manager: written.manager, did: 'wrote the status of a DaemonSet' };
  }
  let page: KubernetesList<Stored<Pod>> | undefined;
  do {
    const from = page?.metadata.continue;
    const paging = { limit: pageItemsMax, ...(from === undefined ? {} : { continue: from }) };
    page = await client.list(resources.pods, { ...paging, signal, fields: ownedSinceFields });
    if (page.items.some(({ metadata }) => isLater(metadata.creationTimestamp) && isDaemonPod(metadata)))
      return { kind: 'occupied', manager: undefined, did: 'made a pod of a DaemonSet' };
  } while ((page.metadata.continue ?? '') !== '');
  return undefined;
}

/** There are other kinds of that name, of other groups. */
function isDaemonPod(metadata: Pod['metadata']): boolean {
  const controller = controllerOf(metadata);
  return controller?.kind === resources.daemonSets.kind && controller.apiVersion.startsWith('apps/');
}

/** Also when the answer came too late or the process is about to stop: hence not under the caller's signal. */
async function remove({ client, log }: PreflightOptions, { metadata }: Stored<DaemonSet>): Promise<void> {
  const { namespace, name, uid } = metadata;
  try {
    await client.delete(resources.daemonSets, namespace, name, {
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (!isReason(error, 'NotFound', 'Conflict'))
      log.warn('the probe of the preflight could not be deleted', { daemonSet: `${namespace}/${name}`, error });
  }
}

async function removeLeftovers(options: PreflightOptions): Promise<void> {
  const { client, clock, namespace, signal } = options;
  const { items } = await client.list(resources.daemonSets, { namespace, labelSelector: probeLabel, signal });
  for (const item of items)
    if ((parseTime(item.metadata.creationTimestamp) ?? 0) < clock.now() - leftoverMs) await remove(options, item);
}

function probe(namespace: string, random: Random): DaemonSet {
  const id = random.uuid();
  const labels = { [probeLabel]: id };
  return {
    metadata: { namespace, name: `everynode-preflight-${id.slice(0, 8)}`, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          // No node has this label: every controller finds nothing to do, and says so in the status.
          nodeSelector: labels,
          containers: [{ name: 'none', image: 'everynode.invalid/preflight' }],
        },
      },
    },
  };
}

/** The field manager of the status subresource, from managedFields (Kubernetes 1.22 and later). */
function statusWriter(managedFields: readonly unknown[] | undefined): string | undefined {
  return fieldOwners(managedFields).find(({ subresource }) => subresource === 'status')?.manager;
}

interface FieldOwner {
  readonly manager?: string;
  readonly subresource?: string;
  readonly time?: string;
}

function fieldOwners(managedFields: readonly unknown[] | undefined): readonly FieldOwner[] {
  return (managedFields ?? []) as readonly FieldOwner[];
}
