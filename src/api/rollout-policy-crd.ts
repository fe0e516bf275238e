// The CustomResourceDefinition of RolloutPolicy: what every API server that Everynode works with is told of the kind.
// The one source: the embedded cluster has it from its start, `everynode install` and the Helm chart bring it along.
// What a schema cannot say, the controller says (Accepted=False). The texts are what `kubectl explain` shows.
import type { KubernetesObject } from './meta.ts';
import { rolloutPolicies } from './resource.ts';
import type { RolloutPolicySpec, RolloutPolicyStatus, RolloutWave, RolloutWaveStatus } from './rollout-policy.ts';

/** A structural schema, as far as it is used here. */
interface Schema {
  readonly [keyword: string]: unknown;
}

/** Every field of the type and none else: a field that the schema does not know would be dropped by the API server. */
type Fields<T> = Readonly<Record<keyof T, Schema>>;

export interface RolloutPolicyDefinition extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Grows with every change of the definition: of two that differ, the one with the greater number stays. */
export const definitionVersionAnnotation = 'everynode.dev/definition-version';

const wavesMax = 64;
/** Thirty days. A revision that takes longer to prove itself needs somebody to look: approval Manual. */
const secondsMax = 2_592_000;
const nameCharactersMax = 253;
const labelCharactersMax = 63;

function text(description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more };
}

function count(description: string): Schema {
  return { type: 'integer', format: 'int32', minimum: 0, description };
}

function seconds(description: string, minimum: number, assumed: number): Schema {
  return { type: 'integer', format: 'int32', minimum, maximum: secondsMax, default: assumed, description };
}

function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

function object(description: string, properties: Readonly<Record<string, Schema>>, required: readonly string[] = []) {
  return { type: 'object', description, properties, ...(required.length === 0 ? {} : { required }) };
}

function list(description: string, items: Schema, more: Schema = {}): Schema {
  return { type: 'array', description, items, 'x-kubernetes-list-type': 'atomic', ...more };
}

/** Entries are known by this field, which no two of them share. */
function keyed(by: string): Schema {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [by] };
}

const labelSelector: Schema = {
  ...object('Among which nodes, by their labels. Absent: among all. A node is in the first wave that takes it.', {
    matchLabels: {
      type: 'object',
      description: 'Labels that a node has, with these values.',
      additionalProperties: { type: 'string' },
    },
    matchExpressions: list(
      'Conditions that a node meets, all of them.',
      object(
        'One condition.',
        {
          key: text('The label.', { minLength: 1 }),
          operator: text('In and NotIn want values, Exists and DoesNotExist have none.', {
            enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
          }),
          values: list('The values that are meant.', { type: 'string' }),
        },
        ['key', 'operator'],
      ),
    ),
  }),
  'x-kubernetes-map-type': 'atomic',
};

const waveFields = {
  name: text('A DNS label, its own in the policy. "rest" is the wave of the nodes that are in no other.', {
    minLength: 1,
    maxLength: labelCharactersMax,
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    not: { enum: ['rest'] },
  }),
  nodeSelector: labelSelector,
  nodes: {
    'x-kubernetes-int-or-string': true,
    minimum: 1,
    pattern: '^(100|[1-9][0-9]?)%$',
    description:
      'How many of them at most: a number, or a percentage of those that the selector takes, rounded up. Absent: all.',
  },
  soakSeconds: seconds(
    'For how long all nodes of the wave, and of those before, are updated and available before the next wave opens.',
    0,
    0,
  ),
  approval: text(
    'Manual: the next wave waits for the annotation everynode.dev/approve: <revision>/<wave> on the policy.',
    { enum: ['Automatic', 'Manual'], default: 'Automatic' },
  ),
} satisfies Fields<RolloutWave>;

const specFields = {
  targetRef: object(
    "The DaemonSet, in the policy's namespace. Of several policies for one DaemonSet the oldest counts.",
    {
      apiVersion: text('apps/v1', { enum: ['apps/v1'], default: 'apps/v1' }),
      kind: text('DaemonSet', { enum: ['DaemonSet'], default: 'DaemonSet' }),
      name: text('Its name.', { minLength: 1, maxLength: nameCharactersMax }),
    } satisfies Fields<RolloutPolicySpec['targetRef']>,
    ['name'],
  ),
  paused: {
    type: 'boolean',
    description:
      'Nothing is replaced because of its revision, and what is missing is made of the proven revision, until this is ' +
      'false again.',
  },
  waves: list(
    'One after the other; the nodes that are in none of them come last.',
    object('A wave.', waveFields, ['name']),
    {
      ...keyed('name'),
      maxItems: wavesMax,
    },
  ),
  failureTolerance: {
    'x-kubernetes-int-or-string': true,
    minimum: 0,
    pattern: '^(100|[1-9]?[0-9])%$',
    description:
      'So many nodes of the open waves may be without an available pod of the revision and hold nothing up: a number, ' +
      'or a percentage of those nodes, rounded down. Absent: none.',
  },
  progressDeadlineSeconds: seconds(
    'A revision counts as bad when for so long not one more node became updated and available.',
    1,
    600,
  ),
  onFailure: text('What happens to a bad revision. Hold: no further node gets it. Rollback: all nodes go back.', {
    enum: ['Hold', 'Rollback'],
    default: 'Hold',
  }),
} satisfies Fields<RolloutPolicySpec>;

// No enums here, and no required fields: a newer controller must be able to write what an older definition has not heard of.
const waveStatusFields = {
  name: text('The wave.'),
  nodes: count('Nodes in it that should have a pod.'),
  updated: count('How many of them have the pod of the newest revision.'),
  available: count('How many of them have an available pod.'),
  rankMax: {
    type: 'integer',
    format: 'int64',
    description: "Where the wave's nodes are limited: the highest rank (a hash of the node's name) that is in it.",
  },
} satisfies Fields<RolloutWaveStatus>;

const condition = object(
  'A condition.',
  {
    type: text('Accepted or Progressing.'),
    status: text('True, False or Unknown.'),
    reason: text('Why, in one word.'),
    message: text('Why, in words.'),
    lastTransitionTime: time('Since when.'),
    observedGeneration: { type: 'integer', format: 'int64', description: 'Of the spec that it is about.' },
  },
  ['type', 'status'],
);

const statusFields = {
  observedGeneration: { type: 'integer', format: 'int64', description: 'Of the spec that the controller has read.' },
  daemonSetUID: text('The UID of the DaemonSet that the rest is about.'),
  revision: text('The revision (controller-revision-hash) that is rolled out, or has been.'),
  provenRevision: text('The last revision that went all the way. Held nodes get it.'),
  badRevision: text('The revision that is rolled out, when it turned out to be bad.'),
  phase: text('Launching, RollingOut, Soaking, WaitingForApproval, Paused, Held, RolledBack, Complete or Invalid.'),
  message: text('What it waits for, in words.'),
  openWaves: count('How many waves are open; the last of them is the current one.'),
  waves: list('One entry for each wave, and one for the rest.', object('A wave.', waveStatusFields)),
  soakingSince: time('Since when all nodes of the open waves are updated and available.'),
  settledMost: count('The most nodes of the open waves that were so at once, in the current wave.'),
  progressedAt: time('When that was last more than before.'),
  conditions: list('Accepted, Progressing.', condition, keyed('type')),
} satisfies Fields<RolloutPolicyStatus>;

const schema: Schema = object(
  'How a new template of one DaemonSet reaches its nodes: in which order, with what pauses, and what happens when it is bad.',
  {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: object('What is wanted of a rollout.', specFields, ['targetRef']),
    status: object('How far it is; the controller writes it.', statusFields),
  },
  ['spec'],
);

function column(name: string, type: string, jsonPath: string, description: string, priority = 0) {
  return { name, type, jsonPath, description, ...(priority === 0 ? {} : { priority }) };
}

const { group, version, name: plural, kind } = rolloutPolicies;

/** With everything that an API server would fill in, so that what is stored can be compared with it. */
export const rolloutPolicyDefinition: RolloutPolicyDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}`, annotations: { [definitionVersionAnnotation]: '1' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames: ['rop'] },
    conversion: { strategy: 'None' },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: [
          column('DaemonSet', 'string', '.spec.targetRef.name', 'The DaemonSet.'),
          column('Phase', 'string', '.status.phase', 'How far its rollout is.'),
          column('Revision', 'string', '.status.revision', 'The revision that is rolled out.'),
          column('Proven', 'string', '.status.provenRevision', 'The last revision that went all the way.'),
          column('Waves', 'integer', '.status.openWaves', 'How many waves are open.'),
          column('Age', 'date', '.metadata.creationTimestamp', 'Since when there is this policy.'),
          column('Message', 'string', '.status.message', 'What it waits for.', 1),
        ],
      },
    ],
  },
};
