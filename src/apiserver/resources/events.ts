// Events, in the two shapes that Kubernetes serves: core/v1 (stored) and events.k8s.io/v1. They go away after an hour.
import type { Event, KubernetesObject } from '../../api/index.ts';
import { eventColumns } from '../printing/columns/core.ts';
import type { Conversion, ResourceEntry } from './definition.ts';

/** kube-apiserver --event-ttl */
const eventTtlMs = 60 * 60 * 1000;

/** events.k8s.io/v1 name → core/v1 name; everything else is called the same (pkg/apis/events/v1/conversion.go). */
const renamed: readonly (readonly [newer: string, core: string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
];
const toCore = new Map(renamed);
const toNewer = new Map(renamed.map(([newer, core]) => [core, newer]));

const conversion: Conversion = {
  toStored: (object) => rename(object, toCore, 'v1'),
  fromStored: (object) => rename(object, toNewer, 'events.k8s.io/v1'),
};

function rename(object: KubernetesObject, names: ReadonlyMap<string, string>, apiVersion: string): KubernetesObject {
  const entries = Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value] as const);
  return { ...(Object.fromEntries(entries) as Record<string, unknown> & KubernetesObject), apiVersion };
}

const involved = (event: Event) => event.involvedObject as Event['involvedObject'] | undefined;

/** Field selectors read the stored shape, whichever version asks. */
const fields: Readonly<Record<string, (event: Event) => string | undefined>> = {
  reason: (event) => event.reason,
  type: (event) => event.type,
  source: (event) => event.source?.component ?? event.reportingComponent,
  reportingComponent: (event) => event.reportingComponent,
  'involvedObject.kind': (event) => involved(event)?.kind,
  'involvedObject.namespace': (event) => involved(event)?.namespace,
  'involvedObject.name': (event) => involved(event)?.name,
  'involvedObject.uid': (event) => involved(event)?.uid,
  'involvedObject.apiVersion': (event) => involved(event)?.apiVersion,
  'involvedObject.resourceVersion': (event) => involved(event)?.resourceVersion,
  'involvedObject.fieldPath': (event) => involved(event)?.fieldPath,
};

export const eventEntry: ResourceEntry<Event> = {
  group: '',
  version: 'v1',
  name: 'events',
  kind: 'Event',
  namespaced: true,
  shortNames: ['ev'],
  createsOnUpdate: true,
  ttlMs: eventTtlMs,
  columns: eventColumns as unknown as NonNullable<ResourceEntry<Event>['columns']>,
  fields,
};

export const newerEventEntry: ResourceEntry<Event> = {
  ...eventEntry,
  group: 'events.k8s.io',
  storage: 'events',
  conversion,
  fields: {
    ...fields,
    reportingController: (event) => event.reportingComponent,
    ...Object.fromEntries(
      Object.entries(fields)
        .filter(([path]) => path.startsWith('involvedObject.'))
        .map(([path, read]) => [path.replace('involvedObject.', 'regarding.'), read]),
    ),
  },
};
