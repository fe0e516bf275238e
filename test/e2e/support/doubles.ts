// Never two live pods of a DaemonSet on a node (three with surge), as the API server itself tells of them.
import { type DaemonSet, type Pod, pinnedNode, resources, type Stored } from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';

/**
 * Live pods per DaemonSet and node, as the API server tells of them one by one, until the signal; what was too many, in
 * words, goes to `doubles`. Rejects when the API server ends sooner.
 */
export async function watchForDoubles(client: Client, doubles: string[], signal: AbortSignal): Promise<void> {
  const live = new Map<string, Map<string, string>>();
  const surging = new Map<string, boolean>();
  const see = async ({ type, object }: { readonly type: string; readonly object: Stored<Pod> }): Promise<void> => {
    // Once a minute, and no pod.
    if (type === 'BOOKMARK') return;
    const { uid, name, namespace, deletionTimestamp, ownerReferences } = object.metadata;
    const owner = ownerReferences?.[0];
    const node = nodeOf(object);
    if (owner === undefined || node === undefined) return;
    const place = `${owner.uid} ${node}`;
    const there = live.get(place) ?? new Map<string, string>();
    live.set(place, there);
    const isOver =
      type === 'DELETED' || deletionTimestamp !== undefined || /Failed|Succeeded/.test(object.status?.phase ?? '');
    if (isOver) there.delete(uid);
    else there.set(uid, name);
    if (there.size < 2) return;
    if (!surging.has(owner.uid)) surging.set(owner.uid, await surges(client, namespace!, owner.name));
    if (there.size > (surging.get(owner.uid) === true ? 2 : 1))
      doubles.push(`${owner.name} has ${[...there.values()].join(' and ')} on ${node}`);
  };
  for await (const event of client.watch(resources.pods, { resourceVersion: '0', namespace: 'soak', signal }))
    await see(event);
}

/** Where it runs or will: it is pinned before it is bound. */
function nodeOf({ spec }: Pod): string | undefined {
  return spec.nodeName ?? pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
}

async function surges(client: Client, namespace: string, name: string): Promise<boolean> {
  const set: Stored<DaemonSet> | undefined = await client
    .get(resources.daemonSets, namespace, name)
    .catch(() => undefined);
  // One that is gone: whether it surged is not known any more, and its pods go anyway.
  return set === undefined || set.spec.updateStrategy?.rollingUpdate?.maxSurge === '10%';
}
