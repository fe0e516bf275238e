// DaemonSets as a resource: generations and the status rule (pkg/registry/apps/daemonset/strategy.go). What a DaemonSet
// does is no business of the API server.
import { type DaemonSet, StatusError } from '../../api/index.ts';
import { daemonSetColumns } from '../printing/columns/workloads.ts';
import { sameJson } from '../same-json.ts';
import type { ResourceEntry, Strategy } from './definition.ts';
import { templateWarnings } from './template-warnings.ts';

/** The internal spec.templateGeneration of upstream surfaces in apps/v1 as this annotation. */
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';

const strategy: Strategy<DaemonSet> = {
  prepareForCreate: (daemonSet) => withTemplateGeneration(daemonSet, Math.max(1, templateGeneration(daemonSet))),
  /** The client's value is ignored; it moves by one when the template does. */
  prepareForUpdate(next, before) {
    const moved = !sameJson(next.spec.template, before.spec.template);
    return withTemplateGeneration(next, templateGeneration(before) + (moved ? 1 : 0));
  },
  /** It is no writer's, the status's included. */
  prepareForStatusUpdate: (next, before) => withTemplateGeneration(next, templateGeneration(before)),
  warnings: templateWarnings('spec.template'),
};

export const daemonSetEntry: ResourceEntry<DaemonSet> = {
  group: 'apps',
  version: 'v1',
  name: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
  shortNames: ['ds'],
  categories: ['all'],
  statusSubresource: true,
  countsGenerations: true,
  columns: daemonSetColumns,
  strategy,
};

function templateGeneration(daemonSet: DaemonSet): number {
  const text = daemonSet.metadata.annotations?.[templateGenerationAnnotation];
  if (text === undefined) return 0;
  if (!/^-?\d{1,15}$/.test(text))
    throw new StatusError(
      'BadRequest',
      `DaemonSet in version "v1" cannot be handled as a DaemonSet: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

function withTemplateGeneration(daemonSet: DaemonSet, generation: number): DaemonSet {
  const { annotations } = daemonSet.metadata;
  if (annotations?.[templateGenerationAnnotation] === String(generation)) return daemonSet;
  return {
    ...daemonSet,
    metadata: {
      ...daemonSet.metadata,
      annotations: { ...annotations, [templateGenerationAnnotation]: String(generation) },
    },
  };
}
