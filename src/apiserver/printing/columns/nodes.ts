// Columns of nodes (pkg/printers/internalversion printNode).
import { findCondition, type Node } from '../../../api/index.ts';
import { type Column, column, wideColumn } from '../column.ts';
import { ageColumn, nameColumn, orNone } from './common.ts';

const rolePrefix = 'node-role.kubernetes.io/';
const oldRoleLabel = 'kubernetes.io/role';

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  column('Status', 'Ready or not, and whether scheduling is disabled.', (node) => nodeStatus(node)),
  column('Roles', 'Roles from the labels of the node.', (node) => roles(node)),
  ageColumn,
  column('Version', 'Version of the node agent.', (node) => info(node, 'kubeletVersion')),
  wideColumn('Internal-IP', 'Address inside the cluster.', (node) => address(node, 'InternalIP')),
  wideColumn('External-IP', 'Address outside the cluster.', (node) => address(node, 'ExternalIP')),
  wideColumn('OS-Image', 'Operating system.', (node) => orUnknown(info(node, 'osImage'))),
  wideColumn('Kernel-Version', 'Version of the kernel.', (node) => orUnknown(info(node, 'kernelVersion'))),
  wideColumn('Container-Runtime', 'What runs the containers.', (node) =>
    orUnknown(info(node, 'containerRuntimeVersion')),
  ),
];

function nodeStatus(node: Node): string {
  const ready = findCondition(node.status?.conditions, 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function roles(node: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) found.add(key.slice(rolePrefix.length));
    else if (key === oldRoleLabel && value !== '') found.add(value);
  }
  return orNone([...found].toSorted().join(','));
}

function info(node: Node, field: string): string {
  const value = node.status?.nodeInfo?.[field];
  return typeof value === 'string' ? value : '';
}

function address(node: Node, type: string): string {
  return orNone(node.status?.addresses?.find((entry) => entry.type === type)?.address);
}

function orUnknown(text: string): string {
  return text === '' ? '<unknown>' : text;
}
