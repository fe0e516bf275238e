// Can this DaemonSet be worked with? An API server sees to it that it can; what calls itself one must not get further
// than the door. Looks at what is read as soon as it arrives; what only a sync reads, a sync may stumble over.
import { type DaemonSet, misfit, type PartialFields, StatusError, type Stored } from '../../api/index.ts';

const requirement: PartialFields = { 1: ['key', 'string'], 2: ['operator', 'string'], 3: ['values', 'strings'] };
const podSpec: PartialFields = {
  2: ['containers', [{ 1: ['name', 'string'] }]],
  7: ['nodeSelector', 'labels'],
  22: [
    'tolerations',
    [{ 1: ['key', 'string'], 2: ['operator', 'string'], 3: ['value', 'string'], 4: ['effect', 'string'] }],
  ],
  24: ['priorityClassName', 'string'],
};
const shape: PartialFields = {
  2: [
    'spec',
    {
      1: ['selector', { 1: ['matchLabels', 'labels'], 2: ['matchExpressions', [requirement]] }],
      2: ['template', { 1: ['metadata', { 11: ['labels', 'labels'] }], 2: ['spec', podSpec] }],
      3: ['updateStrategy', { 1: ['type', 'string'], 2: ['rollingUpdate', {}] }],
      4: ['minReadySeconds', 'integer'],
      6: ['revisionHistoryLimit', 'integer'],
    },
  ],
};

/** The same object. @throws StatusError ServiceUnavailable: ask again, this cannot be what is stored. */
export function readDaemonSet(object: Stored<DaemonSet>): Stored<DaemonSet> {
  const found = misfit(object, shape) ?? absent(object);
  if (found === undefined) return object;
  const { namespace, name } = object.metadata;
  throw new StatusError(
    'ServiceUnavailable',
    `the API server sent a DaemonSet ${namespace}/${name} that is none: ${found}`,
  );
}

function absent({ spec }: { readonly spec?: Partial<DaemonSet['spec']> | null }): string | undefined {
  if ((spec?.selector ?? null) === null) return 'spec.selector is missing';
  return ((spec?.template?.spec as unknown) ?? null) === null ? 'spec.template.spec is missing' : undefined;
}
