// Columns of the smaller kinds: core, coordination, scheduling, policy, rbac.
import type { ConfigMap, Event, KubernetesObject, Lease, Namespace, ServiceAccount } from '../../../api/index.ts';
import { type Column, column, wideColumn } from '../column.ts';
import { age } from '../duration.ts';
import { ageColumn, labelsText, type Loose, nameColumn, orNone } from './common.ts';

export const namespaceColumns: readonly Column<Namespace>[] = [
  nameColumn,
  column('Status', 'Active or Terminating.', ({ status }) => status?.phase ?? ''),
  ageColumn,
];

export const configMapColumns: readonly Column<ConfigMap>[] = [
  nameColumn,
  column('Data', 'Number of entries.', (map) => size(map.data) + size((map as Loose).binaryData), 'integer'),
  ageColumn,
];

export const secretColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Type', 'What the secret is for.', (secret) => text(secret.type)),
  column('Data', 'Number of entries.', (secret) => size(secret.data), 'integer'),
  ageColumn,
];

export const serviceAccountColumns: readonly Column<ServiceAccount>[] = [
  nameColumn,
  column('Secrets', 'Secrets that pods of the account may mount.', ({ secrets }) => secrets?.length ?? 0, 'integer'),
  ageColumn,
];

/** Served for both shapes of events; the newer one is read through its deprecated fields. */
export const eventColumns: readonly Column<Loose>[] = [
  column('Last Seen', 'Time since it last happened.', (event, now) => lastSeen(event, now)),
  column('Type', 'Normal or Warning.', (event) => text(event.type)),
  column('Reason', 'Why it happened, in one word.', (event) => text(event.reason)),
  column('Object', 'What it happened to.', (event) => {
    const { kind = '', name = '' } = objectOf(event);
    return `${kind.toLowerCase()}/${name}`;
  }),
  wideColumn('Subobject', 'The part it happened to.', (event) => objectOf(event).fieldPath ?? ''),
  wideColumn('Source', 'Who reports it.', (event) => sourceText(event)),
  column('Message', 'What happened, in a sentence.', (event) => text(event.message ?? event.note).trim()),
  wideColumn('First Seen', 'Time since it first happened.', (event, now) => {
    const first = event.firstTimestamp ?? event.deprecatedFirstTimestamp ?? event.eventTime;
    return age(first as string | undefined, now);
  }),
  wideColumn('Count', 'How often it happened.', (event) => countOf(event), 'integer'),
  { ...nameColumn, priority: 1 },
];

/** `pods: 1/10, requests.cpu: 0/2`, of limits or of everything else. */
function quotaText({ status }: Loose, isLimit: boolean): string {
  const { hard = {}, used = {} } = (status ?? {}) as Readonly<
    Record<'hard' | 'used', Readonly<Record<string, string>> | undefined>
  >;
  return Object.keys(hard)
    .toSorted()
    .filter((name) => name.startsWith('limits') === isLimit)
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ');
}

export const quotaColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Request', 'What is used of what may be requested.', (quota) => quotaText(quota, false)),
  column('Limit', 'What is used of the limits.', (quota) => quotaText(quota, true)),
  ageColumn,
];

export const leaseColumns: readonly Column<Lease>[] = [
  nameColumn,
  column('Holder', 'Who holds the lease.', ({ spec }) => spec?.holderIdentity ?? ''),
  ageColumn,
];

export const priorityClassColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Value', 'Priority of the pods.', (entry) => Number(entry.value ?? 0), 'integer'),
  column('Global-Default', 'Whether pods without a class get it.', (entry) => entry.globalDefault === true, 'boolean'),
  ageColumn,
  column('PreemptionPolicy', 'Whether its pods may displace others.', (entry) => text(entry.preemptionPolicy)),
];

export const serviceColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Type', 'How the service is reached.', ({ spec }) => text(spec?.type)),
  column('Cluster-IP', 'Address inside the cluster.', ({ spec }) => orNone(text(spec?.clusterIP))),
  column('External-IP', 'Address outside the cluster.', ({ spec }) =>
    orNone(((spec?.externalIPs as readonly string[] | undefined) ?? []).join(',')),
  ),
  column('Port(s)', 'Ports of the service.', ({ spec }) =>
    orNone(((spec?.ports as readonly ServicePort[] | undefined) ?? []).map(portText).join(',')),
  ),
  ageColumn,
  wideColumn('Selector', 'Labels of the pods behind it.', ({ spec }) =>
    labelsText(spec?.selector as Readonly<Record<string, string>> | undefined),
  ),
];

export const disruptionBudgetColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Min Available', 'Pods that must stay.', ({ spec }) => available(spec?.minAvailable)),
  column('Max Unavailable', 'Pods that may be away.', ({ spec }) => available(spec?.maxUnavailable)),
  column(
    'Allowed Disruptions',
    'Evictions allowed now.',
    ({ status }) => Number(status?.disruptionsAllowed ?? 0),
    'integer',
  ),
  ageColumn,
];

export const claimColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Status', 'Phase of the claim.', ({ status }) => text(status?.phase)),
  column('Volume', 'Volume it is bound to.', ({ spec }) => text(spec?.volumeName)),
  column('Capacity', 'Size it got.', ({ status }) =>
    text((status?.capacity as { storage?: string } | undefined)?.storage),
  ),
  column('Access Modes', 'How it may be mounted.', ({ spec }) =>
    ((spec?.accessModes as readonly string[] | undefined) ?? []).map((mode) => accessModes[mode] ?? mode).join(','),
  ),
  column('StorageClass', 'Class that makes its volume.', ({ spec }) => text(spec?.storageClassName)),
  ageColumn,
];

function subjectsOf(kind: string): (binding: Loose) => string {
  return ({ subjects }) => {
    const all = (subjects ?? []) as readonly { kind?: string; name?: string; namespace?: string }[];
    return all
      .filter((subject) => subject.kind === kind)
      .map(({ name = '', namespace = '' }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
      .join(', ');
  };
}

export const roleBindingColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Role', 'What it grants.', ({ roleRef }) => {
    const { kind = '', name = '' } = (roleRef ?? {}) as { kind?: string; name?: string };
    return `${kind}/${name}`;
  }),
  ageColumn,
  wideColumn('Users', 'Users it grants it to.', subjectsOf('User')),
  wideColumn('Groups', 'Groups it grants it to.', subjectsOf('Group')),
  wideColumn('ServiceAccounts', 'Service accounts it grants it to.', subjectsOf('ServiceAccount')),
];

interface ServicePort {
  readonly port: number;
  readonly nodePort?: number;
  readonly protocol?: string;
}

const accessModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function portText({ port, nodePort, protocol = 'TCP' }: ServicePort): string {
  return nodePort === undefined ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function available(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'N/A';
}

function size(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function objectOf(event: KubernetesObject): Event['involvedObject'] {
  const { involvedObject, regarding } = event as Loose;
  return involvedObject ?? regarding ?? {};
}

function seriesOf(event: Loose): { readonly count?: number; readonly lastObservedTime?: string } | undefined {
  return event.series as { readonly count?: number; readonly lastObservedTime?: string } | undefined;
}

function countOf(event: Loose): number {
  return Number(seriesOf(event)?.count ?? event.count ?? event.deprecatedCount ?? 1);
}

function lastSeen(event: Loose, now: number): string {
  const last =
    seriesOf(event)?.lastObservedTime ?? event.lastTimestamp ?? event.deprecatedLastTimestamp ?? event.eventTime;
  return age((last ?? event.metadata.creationTimestamp) as string, now);
}

function sourceText(event: Loose): string {
  const { component, host } = (event.source ?? event.deprecatedSource ?? {}) as { component?: string; host?: string };
  const from = component ?? text(event.reportingComponent ?? event.reportingController);
  return host === undefined || host === '' ? from : `${from}, ${host}`;
}
