// Is the picture true that every decision is made of? Asked in production, all the time and cheaply: each interval the
// nodes or the pods of one DaemonSet, in turn, are listed from the API server's cache and compared with what the watches
// brought, and the DaemonSet's ledger with that. What differs once the picture is as new as the list is drift: it is
// counted, said and healed. Drift is a bug, of ours or of whoever stands between us and the API server.
import {
  formatLabelSelector,
  isEmptySelector,
  type KubernetesObject,
  type Resource,
  resources,
  StatusError,
  type Stored,
} from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { ownedFields, type NodeView, type PodView } from '../../core/daemonset/index.ts';
import {
  agrees,
  type Clock,
  type Difference,
  type DriftKind,
  findDifferences,
  type Identity,
  keyOf,
  type Part,
  type Random,
  readPages,
  type Reflector,
  sleep,
  versionNumber,
} from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import { mendLedger } from './ledger-check.ts';
import { mayBeOurs } from './owner-index.ts';
import type { Tracked } from './tracked.ts';

export interface SelfCheckOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Between two checks, give or take a tenth, so that replicas and clusters do not ask in step. */
  readonly intervalMs: number;
  readonly nodes: Reflector<NodeView>;
  readonly pods: Reflector<PodView>;
  readonly tracked: () => Iterable<Tracked>;
  /** Something of this DaemonSet was put right. */
  readonly touch: (tracked: Tracked) => void;
  readonly onCheck: (check: SelfCheck) => void;
}

export interface SelfCheck {
  /** `undecided`: the watch did not come as far as the list in time, or nobody answered. */
  readonly result: 'true' | 'drift' | 'undecided';
  readonly drift: readonly Drift[];
}

export interface Drift {
  /** Where the difference was: in what the watches brought, or in the ledger made of it. */
  readonly place: 'picture' | 'ledger';
  readonly resource: string;
  readonly kind: DriftKind;
  readonly key: string;
}

/** One kind of object as it is compared. */
interface Subject<V> {
  readonly resource: Resource;
  readonly reflector: Reflector<V>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Whether an object of the list is one that the picture would have. */
  readonly mayBePictured: (object: Stored<KubernetesObject>) => boolean;
  /** Whether an object of the picture is one that the list would have. */
  readonly mayBeListed: (view: V) => boolean;
}

const pageItemsMax = 500;
/** Upstream's servers send a bookmark every minute; the embedded one proves a version within two. */
const settleMsMax = 180_000;
const settlePollMs = 1000;
const namedMax = 5;
const jitter = 0.1;

/** Runs until the signal. Begins one interval after the start. */
export function startSelfCheck(options: SelfCheckOptions): Part {
  const { clock, random, signal, intervalMs } = options;
  const run = async () => {
    let last: string | undefined;
    while (!signal.aborted) {
      const ms = intervalMs * (1 - jitter + 2 * jitter * random.next());
      await sleep(clock, ms, signal).catch(() => undefined);
      if (signal.aborted) return;
      const next = nextInTurn(options.tracked(), last);
      last = next?.key;
      const check = await (next === undefined ? checkNodes(options) : checkDaemonSet(options, next));
      if (!signal.aborted) report(options, next?.key ?? 'nodes', check);
    }
  };
  return { stopped: run() };
}

/** DaemonSets by name, then the nodes (undefined), then the first again. */
function nextInTurn(all: Iterable<Tracked>, last: string | undefined): Tracked | undefined {
  let next: Tracked | undefined;
  for (const tracked of all)
    if ((last === undefined || tracked.key > last) && (next === undefined || tracked.key < next.key)) next = tracked;
  return next;
}

const checkNodes = (options: SelfCheckOptions): Promise<SelfCheck> =>
  checkPicture(options, {
    resource: resources.nodes,
    reflector: options.nodes,
    mayBePictured: () => true,
    mayBeListed: () => true,
  });

async function checkDaemonSet(options: SelfCheckOptions, tracked: Tracked): Promise<SelfCheck> {
  const { nodes, pods, clock } = options;
  const { namespace = '' } = tracked.object.metadata;
  const { selector } = tracked.object.spec;
  if (isEmptySelector(selector)) return { result: 'true', drift: [] };
  const { selector: selects } = tracked.claimant;
  const check = await checkPicture(options, {
    resource: resources.pods,
    reflector: pods,
    namespace,
    labelSelector: formatLabelSelector(selector),
    mayBePictured: mayBeOurs,
    mayBeListed: (pod) => pod.namespace === namespace && selects(pod.labels),
  });
  if (tracked.gone) return check;
  const mended = mendLedger(tracked, { nodes: nodes.views(), pods: pods.views() }, clock.now());
  if (mended.length === 0) return check;
  options.touch(tracked);
  return {
    result: 'drift',
    drift: [...check.drift, ...mended.map((entry) => ({ place: 'ledger' as const, ...entry }))],
  };
}

async function checkPicture<V>(options: SelfCheckOptions, subject: Subject<V>): Promise<SelfCheck> {
  const { client, log, signal } = options;
  const { reflector, resource } = subject;
  try {
    const listed = new Map<string, Identity>();
    const text = await readPages(sourceOf(client, subject), pageItemsMax, signal, {
      object(object) {
        if (subject.mayBePictured(object)) listed.set(keyOf(object), object.metadata);
      },
      startOver: () => listed.clear(),
    });
    const version = versionNumber(text);
    if (version === undefined) return undecided;
    const suspected = findDifferences(listed, version, reflector.entries, ({ view }) => subject.mayBeListed(view));
    const { left, late } = await settle(options, subject, suspected);
    const drift: Drift[] = [];
    for (const difference of left)
      if (await isConfirmed(client, subject, difference, signal))
        drift.push({ place: 'picture', resource: resource.name, kind: difference.kind, key: difference.key });
    if (drift.length > 0) reflector.relist();
    return { result: drift.length > 0 ? 'drift' : late ? 'undecided' : 'true', drift };
  } catch (error) {
    if (signal.aborted) return undecided;
    if (!(error instanceof StatusError)) throw error;
    log.debug('the self-check got no answer', { resource: resource.name, error });
    return undecided;
  }
}

const undecided: SelfCheck = { result: 'undecided', drift: [] };

/** From the server's cache, which costs etcd nothing; a continued list is of the version that it began with. */
function sourceOf<V>(client: Client, { resource, namespace, labelSelector }: Subject<V>) {
  const selection = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    fields: ownedFields,
  };
  const list = (page: { readonly continue?: string }) =>
    client.list(resource, { ...selection, ...page, ...(page.continue === undefined ? { resourceVersion: '0' } : {}) });
  return { list };
}

/** Waits until the picture is new enough for each difference, or agrees. */
async function settle<V>(
  { clock, signal }: SelfCheckOptions,
  { reflector, mayBeListed }: Subject<V>,
  suspected: readonly Difference[],
): Promise<{ readonly left: readonly Difference[]; readonly late: boolean }> {
  const left: Difference[] = [];
  let open = suspected;
  const end = clock.now() + settleMsMax;
  for (;;) {
    const { entries, version } = reflector;
    const pictured = versionNumber(version) ?? 0;
    const waiting: Difference[] = [];
    for (const difference of open) {
      const held = entries.get(difference.key);
      if (agrees(difference, held)) continue;
      // It is in the picture still, but changed so that the list would not have it.
      if (difference.kind === 'extra' && !mayBeListed(held!.view)) continue;
      if (pictured >= difference.version) left.push(difference);
      else waiting.push(difference);
    }
    open = waiting;
    if (open.length === 0 || clock.now() >= end) return { left, late: open.length > 0 };
    await sleep(clock, settlePollMs, signal);
  }
}

/** What the list had and the picture has not may have been deleted since: then both were right. */
async function isConfirmed<V>(
  client: Client,
  { resource, reflector }: Subject<V>,
  difference: Difference,
  signal: AbortSignal,
): Promise<boolean> {
  if (difference.kind !== 'missing') return true;
  const [name = '', namespace] = difference.key.split('/').toReversed();
  // A list of one: nodes may be listed, not got (permissions.ts).
  const one = { fieldSelector: `metadata.name=${name}`, ...(namespace === undefined ? {} : { namespace }) };
  const { items } = await client.list(resource, { ...one, fields: ownedFields, signal });
  const isThere = items.some(({ metadata }) => metadata.uid === difference.uid);
  return isThere && !agrees(difference, reflector.entries.get(difference.key));
}

function report({ log, onCheck }: SelfCheckOptions, subject: string, check: SelfCheck): void {
  onCheck(check);
  const { drift } = check;
  if (drift.length === 0) return;
  const named = drift
    .slice(0, namedMax)
    .map(({ place, kind, resource, key }) => `${place}: ${kind} ${resource} ${key}`);
  log.error('the picture of the cluster had drifted from the API server; it is being made anew', {
    subject,
    objects: drift.length,
    drift: named,
  });
}
