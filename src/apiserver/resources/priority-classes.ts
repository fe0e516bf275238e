// Priority classes, and the two that every cluster has.
// https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/
import type { KubernetesObject } from '../../api/index.ts';
import { priorityClassColumns } from '../printing/columns/core.ts';
import { forbidden } from '../errors.ts';
import { prefixOf, stored } from '../storage.ts';
import type { ResourceEntry, Strategy } from './definition.ts';

export interface PriorityClass extends KubernetesObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
  readonly description?: string;
}

export const priorityClassPlace = { storage: 'priorityclasses.scheduling.k8s.io', namespaced: false } as const;

export const systemPriorityClasses: readonly PriorityClass[] = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    preemptionPolicy: 'PreemptLowerPriority',
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    preemptionPolicy: 'PreemptLowerPriority',
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

const strategy: Strategy<PriorityClass> = {
  /** Priority admission. Two that are made at the same time may both be: of several the lowest counts. */
  async prepareForCreate(priorityClass, { server, definition }) {
    if (priorityClass.globalDefault !== true) return priorityClass;
    const { entries } = await server.store.range(prefixOf(priorityClassPlace, undefined));
    const known = entries.map(({ value }) => stored(value) as PriorityClass).find((other) => other.globalDefault);
    if (known === undefined) return priorityClass;
    throw forbidden(
      definition,
      priorityClass.metadata.name!,
      `PriorityClass ${known.metadata.name} is already marked as default. Only one default can exist`,
    );
  },
  admitDelete({ metadata: { name = '' } }, { definition }) {
    if (systemPriorityClasses.some(({ metadata }) => metadata.name === name))
      throw forbidden(definition, name, 'this is a system priority class and cannot be deleted');
  },
};

export const priorityClassEntry: ResourceEntry<PriorityClass> = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  name: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
  shortNames: ['pc'],
  columns: priorityClassColumns as unknown as NonNullable<ResourceEntry<PriorityClass>['columns']>,
  strategy,
};
