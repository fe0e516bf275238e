// Nodes. A node that joins is not ready until its agent says so: it starts with the taint that keeps pods away.
import { type Node, taintKeys } from '../../api/index.ts';
import { restrictNodeCreate, restrictNodeUpdate } from '../auth/node-restriction.ts';
import { nodeColumns } from '../printing/columns/nodes.ts';
import type { ResourceEntry, Strategy } from './definition.ts';

const strategy: Strategy<Node> = {
  /** TaintNodesByCondition admission. */
  prepareForCreate(node, context) {
    restrictNodeCreate(node, context);
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === taintKeys.notReady && effect === 'NoSchedule')) return node;
    return { ...node, spec: { ...node.spec, taints: [...taints, { key: taintKeys.notReady, effect: 'NoSchedule' }] } };
  },
  prepareForUpdate(next, before, context) {
    restrictNodeUpdate(next, before, context);
    return next;
  },
  prepareForStatusUpdate(next, before, context) {
    restrictNodeUpdate(next, before, context);
    return next;
  },
};

export const nodeEntry: ResourceEntry<Node> = {
  group: '',
  version: 'v1',
  name: 'nodes',
  kind: 'Node',
  namespaced: false,
  shortNames: ['no'],
  statusSubresource: true,
  keepsStatusOnCreate: true,
  columns: nodeColumns,
  fields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable === true) },
  strategy,
};
