// The part of a node that its lifecycle depends on, shaped like a Node so that core/node can judge it, and the part of a
// pod that eviction depends on. Labels, images, addresses and the rest are not kept.
import { findCondition, isTrue, type Node, type Pod, type Stored, type Toleration } from '../../api/index.ts';

export interface NodeView extends Node {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

export function nodeView({ metadata, spec, status }: Stored<Node>): NodeView {
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    metadata: { name, uid, resourceVersion, creationTimestamp },
    spec: {
      ...(spec?.taints === undefined ? {} : { taints: spec.taints }),
      ...(spec?.unschedulable === undefined ? {} : { unschedulable: spec.unschedulable }),
    },
    status: status?.conditions === undefined ? {} : { conditions: status.conditions },
  };
}

export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  readonly tolerations: readonly Toleration[] | undefined;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** Only bound pods have a node to lose. */
export function podView({ metadata, spec, status }: Stored<Pod>): PodView | undefined {
  if ((spec.nodeName ?? '') === '') return undefined;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    nodeName: spec.nodeName!,
    tolerations: spec.tolerations,
    ready: isTrue(status?.conditions, 'Ready'),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}

/** The status of Ready, or undefined for a node that never posted one. */
export function readyStatus(node: Node): string | undefined {
  return findCondition(node.status?.conditions, 'Ready')?.status;
}
