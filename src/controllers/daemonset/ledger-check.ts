// Does a ledger say what the controller's picture says? Both are changed in the same turn, so whatever differs is wrong,
// and is put right at once. What was sent and not yet seen stays as it is.
import { claim, type Claimant, type NodeView, type PodView, sameNode } from '../../core/daemonset/index.ts';
import { type DriftKind, versionNumber } from '../../machinery/index.ts';
import type { Tracked } from './tracked.ts';

export interface LedgerDrift {
  readonly resource: 'nodes' | 'pods';
  readonly kind: DriftKind;
  readonly key: string;
}

export interface Picture {
  readonly nodes: Iterable<NodeView>;
  readonly pods: Iterable<PodView>;
}

/** O(nodes + pods of the picture). Returns what was wrong. */
export function mendLedger(tracked: Tracked, picture: Picture, now: number): readonly LedgerDrift[] {
  return [...mendNodes(tracked, picture.nodes, now), ...mendPods(tracked, picture.pods, now)];
}

function mendNodes({ ledger }: Tracked, nodes: Iterable<NodeView>, now: number): readonly LedgerDrift[] {
  const found: LedgerDrift[] = [];
  const names = new Set<string>();
  for (const node of nodes) {
    names.add(node.name);
    const known = ledger.slot(node.name)?.node;
    if (known !== undefined && sameNode(known, node)) continue;
    found.push({ resource: 'nodes', kind: known === undefined ? 'missing' : 'stale', key: node.name });
    ledger.setNode(node, now);
  }
  for (const { name, node } of ledger.slots) {
    if (node === undefined || names.has(name)) continue;
    found.push({ resource: 'nodes', kind: 'extra', key: name });
    ledger.removeNode(name, now);
  }
  return found;
}

function mendPods({ ledger, claimant }: Tracked, pods: Iterable<PodView>, now: number): readonly LedgerDrift[] {
  const found: LedgerDrift[] = [];
  const seen = new Map<string, PodView>();
  for (const pod of pods) seen.set(pod.uid, pod);
  const inLedger = new Set<string>();
  for (const slot of ledger.slots)
    for (const known of slot.pods) {
      inLedger.add(known.uid);
      const pod = seen.get(known.uid);
      // An adopted pod is in the ledger as the API server answered, before the watch shows it.
      if (pod !== undefined && versionOf(known) > versionOf(pod)) continue;
      const ours = pod !== undefined && isOurs(claimant, pod);
      if (ours && versionOf(known) === versionOf(pod)) continue;
      found.push({ resource: 'pods', kind: ours ? 'stale' : 'extra', key: `${known.namespace}/${known.name}` });
      if (ours) ledger.setPod(pod, now);
      else ledger.removePod(known.uid, now);
    }
  for (const pod of seen.values()) {
    if (inLedger.has(pod.uid) || pod.node === undefined || !isOurs(claimant, pod)) continue;
    found.push({ resource: 'pods', kind: 'missing', key: `${pod.namespace}/${pod.name}` });
    ledger.setPod(pod, now);
  }
  return found;
}

function isOurs(claimant: Claimant, { labels, controller, deletionAt }: PodView): boolean {
  return claim(claimant, { labels, controller, deleting: deletionAt !== undefined }) === 'keep';
}

function versionOf({ resourceVersion }: PodView): number {
  return versionNumber(resourceVersion) ?? 0;
}
