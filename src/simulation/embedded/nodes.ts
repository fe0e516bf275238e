// What happens to nodes in the second mode: a user makes and deletes Node objects, and tells the simulated agents by
// annotation how to misbehave. Pods that do not stop are held by a finalizer: an agent cannot be told to hold them.
import { isReason, type Node, type Pod, resources, type Stored } from '../../api/index.ts';
import { runtimeAnnotation, simulateAnnotation } from '../../agent/index.ts';
import type { Client } from '../../client/index.ts';
import type { VirtualClock } from '../../machinery/index.ts';
import type { Archive } from '../archive.ts';
import type { Nodes, TroubleKind } from '../site.ts';

const finalizer = 'sim.everynode.dev/hold';

const words = {
  down: 'Dead',
  slow: 'start 25s',
  failing: 'Failed',
  unready: 'NeverReady',
} as const satisfies Record<Exclude<TroubleKind, 'stuck'>, string>;

export interface EmbeddedNodesOptions {
  readonly archive: Archive;
  readonly clock: VirtualClock;
  readonly client: () => Client;
  /** Does it when the API server is there; what is refused has simply not happened. */
  readonly attempt: (deed: () => Promise<unknown>) => Promise<void>;
}

export function createEmbeddedNodes({ archive, clock, client, attempt }: EmbeddedNodesOptions): Nodes {
  /** Until when, by node and kind. */
  const troubles = new Map<string, Map<TroubleKind, number>>();

  const pods = (node: string) => archive.all(resources.pods).filter(({ spec }) => spec.nodeName === node);

  const annotate = (node: string) =>
    attempt(async () => {
      const active = [...(troubles.get(node) ?? [])].filter(([kind, until]) => kind !== 'stuck' && until > clock.now());
      const text = active.map(([kind]) => words[kind as keyof typeof words]).join(', ');
      const annotations = { [simulateAnnotation]: text === '' ? null : text };
      await client().patch(resources.nodes, undefined, node, 'merge', { metadata: { annotations } });
    });

  /** As the pod is when the wish gets there, which may be later: `change` returns undefined to leave it. */
  const setFinalizers = ({ metadata }: Stored<Pod>, change: (pod: Stored<Pod>) => readonly string[] | undefined) =>
    attempt(async () => {
      const { namespace, name, uid } = metadata;
      const pod = archive.find(resources.pods, namespace, name);
      const finalizers = pod?.metadata.uid === uid ? change(pod) : undefined;
      if (finalizers === undefined) return;
      await client().patch(resources.pods, namespace, name, 'merge', { metadata: { uid, finalizers } });
    });

  const hold = async (node: string) => {
    for (const pod of pods(node))
      await setFinalizers(pod, ({ metadata }) =>
        metadata.deletionTimestamp === undefined ? [...(metadata.finalizers ?? []), finalizer] : undefined,
      );
  };

  const letGo = async (held: readonly Stored<Pod>[]) => {
    for (const pod of held)
      await setFinalizers(pod, ({ metadata: { finalizers = [] } }) =>
        finalizers.includes(finalizer) ? finalizers.filter((name) => name !== finalizer) : undefined,
      );
  };

  return {
    join: (name, labels) =>
      attempt(async () => {
        const metadata = { name, labels, annotations: { [runtimeAnnotation]: 'simulated' } };
        await client().create<Node>(resources.nodes, { metadata, spec: {} });
        troubles.delete(name);
      }),
    leave: (name) => attempt(() => client().delete(resources.nodes, undefined, name)),
    async trouble(name, kind, forMs) {
      const until = clock.now() + forMs;
      const active = troubles.get(name) ?? new Map<TroubleKind, number>();
      troubles.set(name, active.set(kind, until));
      clock.after(forMs, () => {
        if (troubles.get(name)?.get(kind) === until) void (kind === 'stuck' ? letGo(pods(name)) : annotate(name));
      });
      await (kind === 'stuck' ? hold(name) : annotate(name));
    },
    async evict(name) {
      for (const { metadata } of pods(name)) {
        const { namespace, name: pod } = metadata;
        await attempt(() =>
          client().createSubresource(resources.pods, namespace, pod, 'eviction', {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { namespace: namespace ?? '', name: pod },
          }),
        );
      }
    },
    async heal() {
      const names = [...troubles.keys()];
      troubles.clear();
      for (const name of names) await annotate(name);
      await letGo(archive.all(resources.pods));
    },
  };
}

/** What users live with: the object has changed, is gone, is there already, may not go yet, or the server is away. */
export function isOrdinary(error: unknown): boolean {
  return isReason(error, 'Conflict', 'NotFound', 'AlreadyExists', 'TooManyRequests', 'ServiceUnavailable');
}
