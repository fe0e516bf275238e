// The built-in resources. Kinds with rules of their own have a file beside this one; the rest is stored as it comes.
import type { ConfigMap, ControllerRevision, KubernetesObject, Lease, ServiceAccount } from '../../api/index.ts';
import {
  claimColumns,
  configMapColumns,
  disruptionBudgetColumns,
  leaseColumns,
  quotaColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
} from '../printing/columns/core.ts';
import { createdAtColumn, defaultColumns, type Loose, nameColumn } from '../printing/columns/common.ts';
import {
  controllerRevisionColumns,
  deploymentColumns,
  podTemplateColumns,
  replicaSetColumns,
} from '../printing/columns/workloads.ts';
import { restrictLeaseCreate } from '../auth/node-restriction.ts';
import { definitionEntry } from '../custom-resources/entry.ts';
import { autoscalerEntries } from './autoscalers.ts';
import { daemonSetEntry } from './daemonsets.ts';
import { defineResource, type ResourceDefinition, type ResourceEntry } from './definition.ts';
import { driverKinds } from './driver-kinds.ts';
import { eventEntry, newerEventEntry } from './events.ts';
import { cronJobEntry, jobEntry } from './jobs.ts';
import { namespaceEntry } from './namespaces.ts';
import { nodeEntry } from './nodes.ts';
import { podEntry } from './pods/pods.ts';
import { priorityClassEntry } from './priority-classes.ts';
import { replicationControllerEntry } from './replication-controllers.ts';
import { reviewEntries } from './reviews.ts';
import { roleBindingEntries, roleEntries } from './roles.ts';
import { tokenSubresource } from './service-account-token.ts';
import { storedKinds } from './stored-kinds.ts';
import { templateWarnings } from './template-warnings.ts';
import { workloadScale } from './workload-scale.ts';

type Rest<T extends KubernetesObject> = Partial<Omit<ResourceEntry<T>, 'group' | 'version' | 'name' | 'kind'>>;

function entry<T extends KubernetesObject>(
  group: string,
  name: string,
  kind: string,
  rest: Rest<T> = {},
): ResourceEntry<T> {
  return { group, version: 'v1', name, kind, namespaced: true, ...rest };
}

const define = <T extends KubernetesObject>(resource: ResourceEntry<T>) => defineResource(resource, defaultColumns);
const workload = { statusSubresource: true, countsGenerations: true, categories: ['all'] } as const;
const templated = { warnings: templateWarnings('spec.template') };
const scaled = { subresources: { scale: workloadScale } };

export const builtinResources: readonly ResourceDefinition[] = [
  define(namespaceEntry),
  define(nodeEntry),
  define(podEntry),
  define(eventEntry),
  define(entry<ConfigMap>('', 'configmaps', 'ConfigMap', { shortNames: ['cm'], columns: configMapColumns })),
  define(
    entry<Loose>('', 'secrets', 'Secret', {
      columns: secretColumns,
      fields: { type: (secret) => secret.type as string | undefined },
    }),
  ),
  define(
    entry<ServiceAccount>('', 'serviceaccounts', 'ServiceAccount', {
      shortNames: ['sa'],
      subresources: { token: tokenSubresource },
      columns: serviceAccountColumns,
    }),
  ),
  define(
    entry<Loose>('', 'services', 'Service', {
      shortNames: ['svc'],
      categories: ['all'],
      statusSubresource: true,
      columns: serviceColumns,
      fields: {
        'spec.clusterIP': ({ spec }) => (spec as { readonly clusterIP?: string } | undefined)?.clusterIP,
        'spec.type': ({ spec }) => (spec as { readonly type?: string } | undefined)?.type,
      },
    }),
  ),
  define(
    entry('', 'endpoints', 'Endpoints', {
      singular: 'endpoints',
      shortNames: ['ep'],
      createsOnUpdate: true,
      deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    }),
  ),
  define(
    entry<Loose>('', 'podtemplates', 'PodTemplate', {
      columns: podTemplateColumns,
      countsGenerations: true,
      strategy: { warnings: templateWarnings('template') },
    }),
  ),
  define(
    entry<Loose>('', 'resourcequotas', 'ResourceQuota', {
      shortNames: ['quota'],
      statusSubresource: true,
      columns: quotaColumns,
    }),
  ),
  define(
    entry('', 'limitranges', 'LimitRange', {
      shortNames: ['limits'],
      createsOnUpdate: true,
      columns: [nameColumn, createdAtColumn],
    }),
  ),
  define(
    entry<Loose>('', 'persistentvolumeclaims', 'PersistentVolumeClaim', {
      shortNames: ['pvc'],
      statusSubresource: true,
      columns: claimColumns,
      strategy: { prepareForCreate: (claim) => ({ ...claim, status: { phase: 'Pending' } }) },
    }),
  ),
  define(daemonSetEntry),
  define(
    entry<ControllerRevision>('apps', 'controllerrevisions', 'ControllerRevision', {
      columns: controllerRevisionColumns,
    }),
  ),
  define(
    entry('apps', 'deployments', 'Deployment', {
      ...workload,
      ...scaled,
      shortNames: ['deploy'],
      columns: deploymentColumns,
      strategy: templated,
    }),
  ),
  define(
    entry('apps', 'replicasets', 'ReplicaSet', {
      ...workload,
      ...scaled,
      shortNames: ['rs'],
      columns: replicaSetColumns,
      strategy: templated,
    }),
  ),
  define(
    entry<Lease>('coordination.k8s.io', 'leases', 'Lease', {
      createsOnUpdate: true,
      updatesNeedVersion: true,
      columns: leaseColumns,
      strategy: {
        prepareForCreate(lease, context) {
          restrictLeaseCreate(lease, context);
          return lease;
        },
      },
    }),
  ),
  define(jobEntry),
  define(cronJobEntry),
  ...autoscalerEntries.map(define),
  define(replicationControllerEntry),
  ...storedKinds.map(define),
  ...driverKinds.map(define),
  define(newerEventEntry),
  define(
    entry<Loose>('policy', 'poddisruptionbudgets', 'PodDisruptionBudget', {
      shortNames: ['pdb'],
      statusSubresource: true,
      countsGenerations: true,
      updatesNeedVersion: true,
      columns: disruptionBudgetColumns,
    }),
  ),
  ...roleEntries.map(define),
  ...roleBindingEntries.map(define),
  define(priorityClassEntry),
  define(definitionEntry),
  ...reviewEntries.map(define),
];
