// What storage drivers, which are DaemonSets, and container runtimes are registered by: stored, shown, and but for
// runtime classes looked at by nobody here.
import type { Loose } from '../printing/columns/common.ts';
import {
  attachmentColumns,
  capacityColumns,
  driverColumns,
  nodeDriversColumns,
  runtimeClassColumns,
} from '../printing/columns/drivers.ts';
import type { ResourceEntry } from './definition.ts';

const storage = { group: 'storage.k8s.io', version: 'v1', namespaced: false, updatesNeedVersion: true } as const;

export const driverKinds: readonly ResourceEntry<Loose>[] = [
  { ...storage, name: 'csidrivers', kind: 'CSIDriver', columns: driverColumns },
  { ...storage, name: 'csinodes', kind: 'CSINode', columns: nodeDriversColumns },
  {
    ...storage,
    name: 'volumeattachments',
    kind: 'VolumeAttachment',
    statusSubresource: true,
    columns: attachmentColumns,
  },
  {
    ...storage,
    name: 'csistoragecapacities',
    kind: 'CSIStorageCapacity',
    namespaced: true,
    columns: capacityColumns,
  },
  {
    group: 'node.k8s.io',
    version: 'v1',
    name: 'runtimeclasses',
    kind: 'RuntimeClass',
    namespaced: false,
    createsOnUpdate: true,
    updatesNeedVersion: true,
    columns: runtimeClassColumns,
  },
];
