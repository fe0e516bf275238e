// Namespaces: they end in two steps. A delete marks them Terminating; the namespace controller empties them and takes
// its finalizer off through the `finalize` subresource; then they go.
// https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace
import { formatTime, type Namespace } from '../../api/index.ts';
import { forbidden } from '../errors.ts';
import { namespaceColumns } from '../printing/columns/core.ts';
import type { ResourceEntry, Strategy } from './definition.ts';
import { finalizeSubresource } from './namespace-finalize.ts';

/** Held by the namespace controller. */
const contentFinalizer = 'kubernetes';
const nameLabel = 'kubernetes.io/metadata.name';
/** There from the start (kube-apiserver's system namespaces controller). */
export const systemNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
/** NamespaceLifecycle admission. */
const immortal: readonly string[] = ['default', 'kube-system', 'kube-public'];

const strategy: Strategy<Namespace> = {
  prepareForCreate: (namespace) => ({
    ...namespace,
    metadata: {
      ...namespace.metadata,
      labels: { ...namespace.metadata.labels, [nameLabel]: namespace.metadata.name! },
    },
    spec: {
      ...namespace.spec,
      finalizers: [...new Set([...(namespace.spec?.finalizers ?? []), contentFinalizer])],
    },
    status: { phase: 'Active' },
  }),
  // Only `finalize` changes spec.finalizers, and the label always says the name.
  prepareForUpdate: (next, before) => ({
    ...next,
    metadata: { ...next.metadata, labels: { ...next.metadata.labels, [nameLabel]: next.metadata.name! } },
    ...(before.spec === undefined ? {} : { spec: before.spec }),
  }),
  admitDelete(namespace, { definition }) {
    const name = namespace.metadata.name!;
    if (immortal.includes(name)) throw forbidden(definition, name, 'this namespace may not be deleted');
  },
  isHeld: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
  beginDeletion(namespace, { now }) {
    if (namespace.metadata.deletionTimestamp === undefined)
      return {
        ...namespace,
        metadata: { ...namespace.metadata, deletionTimestamp: formatTime(now) },
        status: { ...namespace.status, phase: 'Terminating' },
      };
    return (namespace.spec?.finalizers ?? []).length > 0 ? namespace : undefined;
  },
};

export const namespaceEntry: ResourceEntry<Namespace> = {
  group: '',
  version: 'v1',
  name: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  // All but deletecollection: each goes in steps of its own.
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  shortNames: ['ns'],
  statusSubresource: true,
  subresources: { finalize: finalizeSubresource },
  columns: namespaceColumns,
  fields: { 'status.phase': (namespace) => namespace.status?.phase },
  strategy,
};
