// Columns of the apps group and of pod templates.
import {
  type ControllerRevision,
  controllerOf,
  type DaemonSet,
  type KubernetesObject,
  type LabelSelector,
  type PodTemplateSpec,
} from '../../../api/index.ts';
import { type Cell, type Column, column, wideColumn } from '../column.ts';
import { ageColumn, containerImages, containerNames, labelsText, nameColumn, selectorText } from './common.ts';

/** Deployments and replica sets, as far as columns need them. */
type Workload = KubernetesObject & {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly template?: PodTemplateSpec;
  };
  readonly status?: Readonly<Record<string, unknown>>;
};
type PodTemplate = KubernetesObject & { readonly template?: PodTemplateSpec };

function integer<T extends KubernetesObject>(name: string, description: string, cell: (object: T) => Cell): Column<T> {
  return column(name, description, cell, 'integer');
}

function templateColumns<T extends KubernetesObject>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
): Column<T>[] {
  return [
    wideColumn('Containers', 'Names of the containers.', (object) =>
      containerNames(templateOf(object)?.spec.containers),
    ),
    wideColumn('Images', 'Images of the containers.', (object) => containerImages(templateOf(object)?.spec.containers)),
  ];
}

export const daemonSetColumns: readonly Column<DaemonSet>[] = [
  nameColumn,
  integer('Desired', 'Nodes that should run the pod.', ({ status }) => status?.desiredNumberScheduled ?? 0),
  integer('Current', 'Nodes that should run the pod and do.', ({ status }) => status?.currentNumberScheduled ?? 0),
  integer('Ready', 'Nodes whose pod is ready.', ({ status }) => status?.numberReady ?? 0),
  integer(
    'Up-to-date',
    'Nodes whose pod has the current template.',
    ({ status }) => status?.updatedNumberScheduled ?? 0,
  ),
  integer(
    'Available',
    'Nodes whose pod has been ready for minReadySeconds.',
    ({ status }) => status?.numberAvailable ?? 0,
  ),
  column('Node Selector', 'Labels that a node must have.', ({ spec }) => labelsText(spec.template.spec.nodeSelector)),
  ageColumn,
  ...templateColumns<DaemonSet>(({ spec }) => spec.template),
  wideColumn('Selector', 'Labels of the pods.', ({ spec }) => selectorText(spec.selector)),
];

export const controllerRevisionColumns: readonly Column<ControllerRevision>[] = [
  nameColumn,
  column('Controller', 'The workload this is a revision of.', (revision) => controllerText(revision)),
  integer('Revision', 'Number of the revision.', ({ revision }) => revision),
  ageColumn,
];

export const deploymentColumns: readonly Column<Workload>[] = [
  nameColumn,
  column(
    'Ready',
    'Ready replicas of those wanted.',
    ({ spec, status }) => `${count(status, 'readyReplicas')}/${spec?.replicas ?? 0}`,
  ),
  integer('Up-to-date', 'Replicas with the current template.', ({ status }) => count(status, 'updatedReplicas')),
  integer('Available', 'Replicas that are available.', ({ status }) => count(status, 'availableReplicas')),
  ageColumn,
  ...templateColumns<Workload>(({ spec }) => spec?.template),
  wideColumn('Selector', 'Labels of the pods.', ({ spec }) => selectorText(spec?.selector)),
];

export const replicaSetColumns: readonly Column<Workload>[] = [
  nameColumn,
  integer('Desired', 'Replicas wanted.', ({ spec }) => spec?.replicas ?? 0),
  integer('Current', 'Replicas there are.', ({ status }) => count(status, 'replicas')),
  integer('Ready', 'Replicas that are ready.', ({ status }) => count(status, 'readyReplicas')),
  ageColumn,
  ...templateColumns<Workload>(({ spec }) => spec?.template),
  wideColumn('Selector', 'Labels of the pods.', ({ spec }) => selectorText(spec?.selector)),
];

/** Of a Scale, whatever it is the scale of. */
export const scaleColumns: readonly Column[] = [
  nameColumn,
  integer('Desired', 'Replicas wanted.', (scale) => (scale as Workload).spec?.replicas ?? 0),
  integer('Available', 'Replicas there are.', (scale) => count((scale as Workload).status, 'replicas')),
  ageColumn,
];

export const replicationControllerColumns: readonly Column<Workload>[] = [
  ...replicaSetColumns.slice(0, -1),
  wideColumn('Selector', 'Labels of the pods.', ({ spec }) => labelsText(spec?.selector as never)),
];

export const podTemplateColumns: readonly Column<PodTemplate>[] = [
  nameColumn,
  column('Containers', 'Names of the containers.', ({ template }) => containerNames(template?.spec.containers)),
  column('Images', 'Images of the containers.', ({ template }) => containerImages(template?.spec.containers)),
  column('Pod Labels', 'Labels that the pods get.', ({ template }) => labelsText(template?.metadata?.labels)),
];

function count(status: Readonly<Record<string, unknown>> | undefined, field: string): number {
  const value = status?.[field];
  return typeof value === 'number' ? value : 0;
}

/** `daemonset.apps/fluentd` */
function controllerText(revision: ControllerRevision): string {
  const owner = controllerOf(revision.metadata);
  if (owner === undefined) return '<none>';
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/', 1)[0]}` : '';
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}
