// Ends pods for what they use of the node: who goes and why is core/node's decision, this measures and tells. One pod at a
// time for the node's own sake, and then another look, since one may have been enough.
import type { Pod, Stored } from '../../../api/index.ts';
import {
  firstVictim,
  hasStorageBound,
  type Starved,
  starvedMessage,
  storageFault,
  type Tenant,
} from '../../../core/node/index.ts';
import type { NodeHealth } from '../../node-report.ts';
import type { NodeContext } from '../context.ts';
import { measurePods } from './pod-uses.ts';

export interface Eviction {
  readonly message: string;
  /** For the node's sake, not for what the pod itself may have. */
  readonly disrupts: boolean;
}

/** A pod that runs here, and can be told to end. */
export interface Evictable {
  readonly pod: Stored<Pod>;
  evict(eviction: Eviction): void;
}

export interface EvictionOptions {
  readonly context: Pick<NodeContext, 'cri' | 'nodeName' | 'paths' | 'signal' | 'log'>;
  /** Those that run and have not been told to go. */
  readonly running: () => readonly Evictable[];
  readonly health: () => Promise<NodeHealth>;
}

/** One look. @param before what the node was short of at the look before. @returns what it is short of now. */
export async function evictPods(
  { context, running, health }: EvictionOptions,
  before: ReadonlySet<Starved>,
): Promise<ReadonlySet<Starved>> {
  const now = starved(await health());
  // Unused images go first: a disk gets until the next look.
  const due = [...now].find((what) => what !== 'ephemeral-storage' || before.has(what));
  const lives = running().filter(({ pod }) => due !== undefined || hasStorageBound(pod));
  if (lives.length === 0) return now;
  const uses = await measurePods(
    context,
    lives.map(({ pod }) => pod),
  );
  const tenants = lives.flatMap((life): readonly (Tenant & { readonly life: Evictable })[] => {
    const use = uses.get(life.pod.metadata.uid);
    return use === undefined ? [] : [{ life, pod: life.pod, use }];
  });
  const evict = ({ life, pod }: (typeof tenants)[number], eviction: Eviction) => {
    context.log.warn('a pod is evicted', { pod: pod.metadata.name, namespace: pod.metadata.namespace, ...eviction });
    life.evict(eviction);
  };
  const faulty = tenants.flatMap((tenant) => {
    const message = storageFault(tenant);
    return message === undefined ? [] : [{ tenant, message }];
  });
  for (const { tenant, message } of faulty) evict(tenant, { message, disrupts: false });
  // Their end may be all that was needed.
  if (due === undefined || faulty.length > 0) return now;
  const victim = firstVictim(tenants, due);
  const found = tenants.find(({ pod }) => pod === victim?.pod);
  if (found !== undefined) evict(found, { message: starvedMessage(found, due), disrupts: true });
  return now;
}

function starved({ memoryPressure, diskPressure, pidPressure }: NodeHealth): ReadonlySet<Starved> {
  const all: readonly (readonly [Starved, boolean | undefined])[] = [
    ['memory', memoryPressure],
    ['ephemeral-storage', diskPressure],
    ['pids', pidPressure],
  ];
  return new Set(all.filter(([, is]) => is === true).map(([what]) => what));
}
