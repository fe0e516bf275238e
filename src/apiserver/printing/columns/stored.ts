// Columns of kinds that are stored here and run by nobody: stateful sets, jobs, autoscalers, networking, volumes.
import {
  formatLabelSelector,
  type KubernetesObject,
  type LabelSelector,
  parseTime,
  type PodTemplateSpec,
} from '../../../api/index.ts';
import { type Column, column, wideColumn } from '../column.ts';
import { age, humanDuration } from '../duration.ts';
import { ageColumn, containerImages, containerNames, type Loose, nameColumn, orNone, selectorText } from './common.ts';

type Fields = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const count = (fields: Fields | undefined, name: string): number => Number(fields?.[name] ?? 0);
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as readonly Fields[]) : []);
const struct = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const templateOf = ({ spec }: Loose) => spec?.template as PodTemplateSpec | undefined;

const containers = (of: (object: Loose) => PodTemplateSpec | undefined): readonly Column<Loose>[] => [
  wideColumn('Containers', 'Names of the containers.', (object) => containerNames(of(object)?.spec.containers)),
  wideColumn('Images', 'Images of the containers.', (object) => containerImages(of(object)?.spec.containers)),
];

export const statefulSetColumns: readonly Column<Loose>[] = [
  nameColumn,
  column(
    'Ready',
    'Ready replicas of those wanted.',
    ({ spec, status }) => `${count(status, 'readyReplicas')}/${count(spec, 'replicas')}`,
  ),
  ageColumn,
  ...containers(templateOf),
];

export const jobColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Status', 'How the job is doing.', jobStatus),
  column('Completions', 'Pods that succeeded of those wanted.', ({ spec, status }) =>
    spec?.completions === undefined
      ? `${count(status, 'succeeded')}/1 of ${Number(spec?.parallelism ?? 1)}`
      : `${count(status, 'succeeded')}/${Number(spec.completions)}`,
  ),
  column('Duration', 'How long it took, or takes.', ({ status }, now) => {
    const start = parseTime(text(status?.startTime));
    return start === undefined ? '' : humanDuration((parseTime(text(status?.completionTime)) ?? now) - start);
  }),
  ageColumn,
  ...containers(templateOf),
  wideColumn('Selector', 'Labels of the pods.', ({ spec }) =>
    selectorText(spec?.selector as LabelSelector | undefined),
  ),
];

function jobStatus({ spec, status, metadata }: Loose): string {
  const is = (type: string) => listOf(status?.conditions).some((one) => one.type === type && one.status === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (is('Suspended') || spec?.suspend === true) return 'Suspended';
  return is('FailureTarget') ? 'FailureTarget' : is('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

const jobTemplateOf = ({ spec }: Loose) =>
  struct(struct(spec?.jobTemplate).spec).template as PodTemplateSpec | undefined;

export const cronJobColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Schedule', 'When it runs.', ({ spec }) => text(spec?.schedule)),
  column('Timezone', 'Where the schedule is meant.', ({ spec }) => orNone(text(spec?.timeZone))),
  column('Suspend', 'Whether it rests.', ({ spec }) => (spec?.suspend === true ? 'True' : 'False')),
  column('Active', 'Jobs that run now.', ({ status }) => listOf(status?.active).length, 'integer'),
  column('Last Schedule', 'When it ran last.', ({ status }, now) =>
    status?.lastScheduleTime === undefined ? '<none>' : age(text(status.lastScheduleTime), now),
  ),
  ageColumn,
  ...containers(jobTemplateOf),
  wideColumn('Selector', 'Labels of the pods.', (object) =>
    selectorText(struct(struct(object.spec?.jobTemplate).spec).selector as LabelSelector | undefined),
  ),
];

export const autoscalerColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Reference', 'What it scales.', ({ spec }) => {
    const { kind, name } = struct(spec?.scaleTargetRef);
    return `${text(kind)}/${text(name)}`;
  }),
  column('Targets', 'What it aims for.', targetsText),
  column('MinPods', 'Fewest pods.', ({ spec }) =>
    spec?.minReplicas === undefined ? '<unset>' : String(count(spec, 'minReplicas')),
  ),
  column('MaxPods', 'Most pods.', ({ spec }) => count(spec, 'maxReplicas'), 'integer'),
  column('Replicas', 'Pods there are.', ({ status }) => count(status, 'currentReplicas'), 'integer'),
  ageColumn,
];

/** Nobody measures here: what is there now is unknown. */
function targetsText({ spec }: Loose): string {
  const cpu = spec?.targetCPUUtilizationPercentage;
  if (cpu !== undefined) return `cpu: <unknown>/${Number(cpu)}%`;
  const targets = listOf(spec?.metrics).map((metric) => {
    const source = struct(
      metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external,
    );
    const { averageUtilization, averageValue, value } = struct(source.target);
    const wanted = averageUtilization === undefined ? text(averageValue ?? value) : `${Number(averageUtilization)}%`;
    return `${text(source.name) === '' ? '' : `${text(source.name)}: `}<unknown>/${wanted}`;
  });
  return targets.length === 0 ? '<none>' : targets.join(', ');
}

export const ingressColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Class', 'Class of the controller.', ({ spec }) => orNone(text(spec?.ingressClassName))),
  column('Hosts', 'Hosts that are routed.', ({ spec }) => {
    const hosts = listOf(spec?.rules).map(({ host }) => text(host) || '*');
    return hosts.length === 0 ? '*' : hosts.join(',');
  }),
  column('Address', 'Where it is reached.', ({ status }) =>
    listOf(struct(status?.loadBalancer).ingress)
      .map(({ ip, hostname }) => text(ip ?? hostname))
      .join(','),
  ),
  column('Ports', 'Ports that are open.', ({ spec }) => (listOf(spec?.tls).length > 0 ? '80, 443' : '80')),
  ageColumn,
];

export const ingressClassColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Controller', 'Who serves the class.', ({ spec }) => text(spec?.controller)),
  column('Parameters', 'Where its settings are.', ({ spec }) => {
    const { apiGroup, kind, name } = struct(spec?.parameters);
    if (kind === undefined) return '<none>';
    return `${text(kind)}${apiGroup === undefined ? '' : `.${text(apiGroup)}`}/${text(name)}`;
  }),
  ageColumn,
];

export const networkPolicyColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Pod-Selector', 'Pods it is about.', ({ spec }) =>
    orNone(formatLabelSelector((spec?.podSelector ?? {}) as LabelSelector)),
  ),
  ageColumn,
];

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const volumeColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Capacity', 'Size of the volume.', ({ spec }) => text(struct(spec?.capacity).storage)),
  column('Access Modes', 'How it may be mounted.', ({ spec }) =>
    ((spec?.accessModes ?? []) as readonly string[]).map((mode) => modes[mode] ?? mode).join(','),
  ),
  column('Reclaim Policy', 'What becomes of it afterwards.', ({ spec }) => text(spec?.persistentVolumeReclaimPolicy)),
  column('Status', 'Phase of the volume.', ({ status }) => text(status?.phase)),
  column('Claim', 'Claim that has it.', ({ spec }) => {
    const { namespace, name } = struct(spec?.claimRef);
    return name === undefined ? '' : `${text(namespace)}/${text(name)}`;
  }),
  column('StorageClass', 'Class of the volume.', ({ spec }) => text(spec?.storageClassName)),
  column(
    'VolumeAttributesClass',
    'Class of its attributes.',
    ({ spec }) => text(spec?.volumeAttributesClassName) || '<unset>',
  ),
  column('Reason', 'Why it is in this phase.', ({ status }) => text(status?.reason)),
  ageColumn,
  wideColumn('VolumeMode', 'Filesystem or block device.', ({ spec }) => text(spec?.volumeMode)),
];

const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

export const storageClassColumns: readonly Column<Loose>[] = [
  {
    ...nameColumn,
    cell: ({ metadata }: KubernetesObject) =>
      `${metadata.name}${metadata.annotations?.[defaultClassAnnotation] === 'true' ? ' (default)' : ''}`,
  },
  column('Provisioner', 'Who makes its volumes.', ({ provisioner }) => text(provisioner)),
  column('ReclaimPolicy', 'What becomes of its volumes afterwards.', ({ reclaimPolicy }) => text(reclaimPolicy)),
  column('VolumeBindingMode', 'When volumes are bound.', ({ volumeBindingMode }) => text(volumeBindingMode)),
  column(
    'AllowVolumeExpansion',
    'Whether volumes may grow.',
    ({ allowVolumeExpansion }) => allowVolumeExpansion === true,
    'boolean',
  ),
  ageColumn,
];

export const endpointSliceColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('AddressType', 'Kind of addresses.', ({ addressType }) => text(addressType)),
  column(
    'Ports',
    'Ports of the endpoints.',
    ({ ports }) =>
      listOf(ports)
        .map(({ port }) => (port === undefined ? '*' : Number(port)))
        .join(',') || '<unset>',
  ),
  column(
    'Endpoints',
    'Addresses.',
    ({ endpoints }) =>
      listOf(endpoints)
        .flatMap(({ addresses }) => (addresses ?? []) as readonly string[])
        .join(',') || '<unset>',
  ),
  ageColumn,
];
