// What replica sets were before they were called so: stored, run by nobody. Its selector is a plain map.
import { formatLabelSelector, type PodTemplateSpec } from '../../api/index.ts';
import type { Loose } from '../printing/columns/common.ts';
import { replicationControllerColumns } from '../printing/columns/workloads.ts';
import type { ResourceEntry } from './definition.ts';
import { scaleSubresource } from './scale.ts';
import { templateWarnings } from './template-warnings.ts';

interface Spec {
  readonly replicas?: number;
  readonly selector?: Readonly<Record<string, string>>;
  readonly template?: PodTemplateSpec;
}
const specOf = (object: object): Spec => (object as { readonly spec?: Spec }).spec ?? {};

const scale = scaleSubresource({
  wanted: (object) => specOf(object).replicas,
  present: (object) => Number((object as Loose).status?.replicas ?? 0),
  selector: (object) => formatLabelSelector({ matchLabels: specOf(object).selector ?? {} }),
  withWanted: (object, replicas): Loose => ({ ...object, spec: { ...specOf(object), replicas } }),
});

export const replicationControllerEntry: ResourceEntry<Loose> = {
  group: '',
  version: 'v1',
  name: 'replicationcontrollers',
  kind: 'ReplicationController',
  namespaced: true,
  shortNames: ['rc'],
  categories: ['all'],
  statusSubresource: true,
  countsGenerations: true,
  subresources: { scale },
  columns: replicationControllerColumns,
  strategy: { warnings: templateWarnings('spec.template') },
};
