// Kinds that common manifests bring along and nobody here acts on: they are checked, stored and shown.
import type { Loose } from '../printing/columns/common.ts';
import {
  endpointSliceColumns,
  ingressClassColumns,
  ingressColumns,
  networkPolicyColumns,
  statefulSetColumns,
  storageClassColumns,
  volumeColumns,
} from '../printing/columns/stored.ts';
import type { ResourceEntry } from './definition.ts';
import { templateWarnings } from './template-warnings.ts';
import { workloadScale } from './workload-scale.ts';

const networking = 'networking.k8s.io';

function entry(group: string, name: string, kind: string, rest: Partial<ResourceEntry<Loose>>): ResourceEntry<Loose> {
  return { group, version: 'v1', name, kind, namespaced: true, ...rest };
}

export const storedKinds: readonly ResourceEntry<Loose>[] = [
  entry('', 'persistentvolumes', 'PersistentVolume', {
    namespaced: false,
    shortNames: ['pv'],
    statusSubresource: true,
    columns: volumeColumns,
    strategy: { prepareForCreate: (volume): Loose => ({ ...volume, status: { phase: 'Pending' } }) },
  }),
  entry('apps', 'statefulsets', 'StatefulSet', {
    shortNames: ['sts'],
    categories: ['all'],
    statusSubresource: true,
    countsGenerations: true,
    subresources: { scale: workloadScale },
    columns: statefulSetColumns,
    strategy: { warnings: templateWarnings('spec.template') },
  }),
  entry(networking, 'ingresses', 'Ingress', {
    shortNames: ['ing'],
    statusSubresource: true,
    countsGenerations: true,
    columns: ingressColumns,
  }),
  entry(networking, 'ingressclasses', 'IngressClass', {
    namespaced: false,
    countsGenerations: true,
    columns: ingressClassColumns,
  }),
  entry(networking, 'networkpolicies', 'NetworkPolicy', {
    shortNames: ['netpol'],
    countsGenerations: true,
    columns: networkPolicyColumns,
  }),
  entry('storage.k8s.io', 'storageclasses', 'StorageClass', {
    namespaced: false,
    shortNames: ['sc'],
    columns: storageClassColumns,
  }),
  entry('discovery.k8s.io', 'endpointslices', 'EndpointSlice', {
    countsGenerations: true,
    columns: endpointSliceColumns,
  }),
];
