// Follows a cluster for its view: small projections of DaemonSets, revisions, nodes, pods and events, kept by watches.
// Cost follows the change: a pod event moves one counter; rows are built only when somebody looks.
import { controllerOf, type Node, resources } from '../../api/index.ts';
import { listWatch, type Client } from '../../client/index.ts';
import { type Clock, type Random, startReflector } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import {
  type ClusterState,
  daemonSetRow,
  type DaemonSetRow,
  type EventRow,
  eventRow,
  nodeRow,
  type NodeRow,
} from './state.ts';

export interface ClusterView {
  /** The state as it is now. */
  readonly state: () => ClusterState;
  /** Resolves when the watches have ended, after the signal. */
  readonly stopped: Promise<void>;
}

export interface WatchClusterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called after every change; must be cheap. */
  readonly changed: () => void;
}

interface DaemonSetView {
  readonly uid: string;
  row(revision: number): DaemonSetRow;
}
interface RevisionView {
  readonly owner: string;
  readonly revision: number;
}
interface PodView {
  readonly node: string;
}

interface NodeView {
  readonly row: NodeRow;
  /** Everything that is shown of it, as one comparable string. */
  readonly shown: string;
}

function projectNode(node: Node): NodeView {
  const row = nodeRow(node, 0);
  return { row, shown: JSON.stringify(row) };
}

const recentEventsMax = 20;

export function watchCluster(options: WatchClusterOptions): ClusterView {
  const { client, clock, random, log, signal, changed } = options;
  const common = { clock, random, log, signal };
  const podsByNode = new Map<string, number>();
  let recent: readonly EventRow[] = [];

  const daemonSets = startReflector({
    ...common,
    source: listWatch(client, resources.daemonSets),
    project: (object): DaemonSetView => ({
      uid: object.metadata.uid,
      row: (revision) => daemonSetRow(object, revision),
    }),
    handlers: { applied: changed, removed: changed },
  });
  const revisions = startReflector({
    ...common,
    source: listWatch(client, resources.controllerRevisions),
    project: (object): RevisionView => ({ owner: controllerOf(object.metadata)?.uid ?? '', revision: object.revision }),
    handlers: { applied: changed, removed: changed },
  });
  const nodes = startReflector({
    ...common,
    source: listWatch(client, resources.nodes),
    project: projectNode,
    handlers: {
      // Heartbeats change a node every few seconds and nothing that is shown.
      applied: (view, previous) => view.shown !== previous?.shown && changed(),
      removed: changed,
    },
  });
  const movePod = (node: string, by: number) => {
    if (node === '') return;
    podsByNode.set(node, (podsByNode.get(node) ?? 0) + by);
    changed();
  };
  const pods = startReflector({
    ...common,
    source: listWatch(client, resources.pods),
    project: (object): PodView => ({ node: object.spec.nodeName ?? '' }),
    handlers: {
      applied(view, previous) {
        if (view.node === previous?.node) return;
        if (previous !== undefined) movePod(previous.node, -1);
        movePod(view.node, 1);
      },
      removed: (view) => movePod(view.node, -1),
    },
  });
  const events = startReflector({
    ...common,
    source: listWatch(client, resources.events),
    // What a pod does by the book is noise here; what goes wrong, and what DaemonSets and nodes do, is shown.
    project: (object) =>
      object.type === 'Warning' || ['DaemonSet', 'Node'].includes(object.involvedObject.kind ?? '')
        ? eventRow(object)
        : undefined,
    handlers: {
      applied(row) {
        recent = [...recent.filter((other) => other.key !== row.key), row]
          .toSorted((a, b) => a.atMs - b.atMs)
          .slice(-recentEventsMax);
        changed();
      },
      removed(row) {
        recent = recent.filter((other) => other.key !== row.key);
        changed();
      },
    },
  });

  const state = (): ClusterState => {
    const newest = new Map<string, number>();
    for (const { owner, revision } of revisions.views()) newest.set(owner, Math.max(newest.get(owner) ?? 0, revision));
    return {
      daemonSets: [...daemonSets.views()].map((view) => view.row(newest.get(view.uid) ?? 0)).toSorted(byName),
      nodes: [...nodes.views()].map(({ row }) => ({ ...row, pods: podsByNode.get(row.name) ?? 0 })),
      events: recent,
    };
  };
  const stopped = Promise.all([daemonSets, revisions, nodes, pods, events].map((reflector) => reflector.stopped));
  return { state, stopped: stopped.then(() => undefined) };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
