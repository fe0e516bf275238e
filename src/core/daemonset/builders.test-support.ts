// Made-up nodes, pods, DaemonSets and slots for the tests of this folder. Everything has a harmless default, so that a
// test names only what it is about. Times are milliseconds; `now` is the moment at which a test asks.
import type { DaemonSet, DaemonSetSpec, PodSpec, Stored, Taint } from '../../api/index.ts';
import { idle, type Slot } from './slot.ts';
import { compileTarget, type Target } from './target.ts';
import { type NodeView, type PodView, revisionLabel, zoneLabel } from './views.ts';

export const now = Date.UTC(2026, 0, 1);
export const second = 1_000;
export const minute = 60 * second;

/** A node that is Ready since long ago. */
export function node(name = 'node-1', changes: Partial<NodeView> = {}): NodeView {
  return {
    name,
    uid: `uid-${name}`,
    labels: {},
    taints: [],
    ready: true,
    readyChangedAt: now - 60 * minute,
    ...changes,
  };
}

export function nodeInZone(name: string, zone: string, changes: Partial<NodeView> = {}): NodeView {
  return node(name, { labels: { [zoneLabel]: zone }, ...changes });
}

/** A node whose Ready condition has been False since `since`. */
export function deadNode(name: string, since: number): NodeView {
  return node(name, { ready: false, readyChangedAt: since });
}

export function taint(effect: string, key = 'dedicated', value = 'x'): Taint {
  return { key, value, effect };
}

/** A bound pod that is Running and Ready since long ago, of the revision `new`; its UID is `uid-` and its name. */
export function pod(name: string, changes: Partial<PodView> & { readonly revision?: string } = {}): PodView {
  const { revision = 'new', ...rest } = changes;
  return {
    uid: `uid-${name}`,
    namespace: 'default',
    name,
    resourceVersion: '1',
    labels: { app: 'daemon', [revisionLabel]: revision },
    controller: 'uid-daemon',
    bound: true,
    node: 'node-1',
    phase: 'Running',
    reason: undefined,
    ready: true,
    readyChangedAt: now - 30 * minute,
    createdAt: now - 31 * minute,
    startedAt: now - 31 * minute,
    deletionAt: undefined,
    deletionGraceMs: 0,
    ...rest,
  };
}

/** What a pod says between its start and its first readiness. */
export const starting = { ready: false, readyChangedAt: undefined } as const;
export const failed = { phase: 'Failed', ready: false } as const;
export const succeeded = { phase: 'Succeeded', ready: false } as const;
/** Deletion was asked for just now, with 30 s of grace. */
export const terminating = { deletionAt: now + 30 * second, deletionGraceMs: 30 * second } as const;

export function daemonSet(
  spec: Partial<DaemonSetSpec> = {},
  podSpec: Partial<PodSpec> = {},
  metadata: Partial<DaemonSet['metadata']> = {},
): Stored<DaemonSet> {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      name: 'daemon',
      namespace: 'default',
      uid: 'uid-daemon',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: {
      selector: { matchLabels: { app: 'daemon' } },
      template: {
        metadata: { labels: { app: 'daemon' } },
        spec: { containers: [{ name: 'main', image: 'daemon:1' }], ...podSpec },
      },
      ...spec,
    },
  };
}

export function rolling(maxUnavailable: number | string, maxSurge: number | string = 0): Partial<DaemonSetSpec> {
  return { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } } };
}

export const surging: Partial<DaemonSetSpec> = rolling(0, 1);
export const onDelete: Partial<DaemonSetSpec> = { updateStrategy: { type: 'OnDelete' } };

/** A target whose wanted revision is `new`. */
export function target(spec: Partial<DaemonSetSpec> = {}, podSpec: Partial<PodSpec> = {}, generation = 1): Target {
  return compileTarget(daemonSet(spec, podSpec, { generation }), 'new');
}

export function slot(node: NodeView | undefined, pods: readonly PodView[], changes: Partial<Slot> = {}): Slot {
  return {
    name: 'node-1',
    node,
    verdict: undefined,
    wave: undefined,
    pods,
    creating: undefined,
    deleting: new Map(),
    backoff: undefined,
    aliveAt: Number.NEGATIVE_INFINITY,
    salt: 0,
    assessment: idle,
    ...changes,
  };
}
