// Derives src/apiserver/schema/fields.json from the official client's models: for every kind the server knows, the
// names, types and required marks of its fields, and nothing else. `node scripts/derive-schema.ts` rewrites the file;
// derive-schema.test.ts fails when it is out of date.
//
// Type notation: string, int32, int64, double, boolean, time, microTime, bytes, quantity, intOrString, any, `[]T`,
// `map[]T`, or the key of another type; a trailing `!` marks a required field.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const models = join(dirname(fileURLToPath(import.meta.resolve('@kubernetes/client-node'))), 'gen', 'models');
export const fieldsFile = join(import.meta.dirname, '..', 'src', 'apiserver', 'schema', 'fields.json');

/** Kinds to start from, by the package they belong to. Core comes first: what it reaches is core's. */
const roots: readonly (readonly [pack: string, models: readonly string[]])[] = [
  ['meta/v1', ['V1DeleteOptions', 'V1Status']],
  [
    'core/v1',
    [
      'V1Pod',
      'V1PodTemplate',
      'V1Node',
      'V1Namespace',
      'CoreV1Event',
      'V1ConfigMap',
      'V1Secret',
      'V1Binding',
      'V1ServiceAccount',
      'V1Service',
      'V1Endpoints',
      'V1ResourceQuota',
      'V1LimitRange',
      'V1PersistentVolumeClaim',
      'V1PersistentVolume',
      'V1ReplicationController',
    ],
  ],
  ['apps/v1', ['V1DaemonSet', 'V1ControllerRevision', 'V1Deployment', 'V1ReplicaSet', 'V1StatefulSet']],
  ['batch/v1', ['V1Job', 'V1CronJob']],
  ['networking.k8s.io/v1', ['V1Ingress', 'V1IngressClass', 'V1NetworkPolicy']],
  ['storage.k8s.io/v1', ['V1StorageClass', 'V1CSIDriver', 'V1CSINode', 'V1VolumeAttachment', 'V1CSIStorageCapacity']],
  ['node.k8s.io/v1', ['V1RuntimeClass']],
  ['discovery.k8s.io/v1', ['V1EndpointSlice']],
  ['apiextensions.k8s.io/v1', ['V1CustomResourceDefinition']],
  ['coordination.k8s.io/v1', ['V1Lease']],
  ['scheduling.k8s.io/v1', ['V1PriorityClass']],
  ['policy/v1', ['V1PodDisruptionBudget', 'V1Eviction']],
  ['rbac.authorization.k8s.io/v1', ['V1Role', 'V1RoleBinding', 'V1ClusterRole', 'V1ClusterRoleBinding']],
  ['events.k8s.io/v1', ['EventsV1Event']],
  ['autoscaling/v1', ['V1Scale', 'V1HorizontalPodAutoscaler']],
  ['autoscaling/v2', ['V2HorizontalPodAutoscaler']],
  ['authentication.k8s.io/v1', ['AuthenticationV1TokenRequest', 'V1TokenReview', 'V1SelfSubjectReview']],
  [
    'authorization.k8s.io/v1',
    ['V1SelfSubjectAccessReview', 'V1SubjectAccessReview', 'V1LocalSubjectAccessReview', 'V1SelfSubjectRulesReview'],
  ],
];

/** Types of apimachinery, whoever reaches them first. */
const metaModels = new Set([
  'V1ObjectMeta',
  'V1OwnerReference',
  'V1ManagedFieldsEntry',
  'V1LabelSelector',
  'V1LabelSelectorRequirement',
  'V1ListMeta',
  'V1Condition',
  'V1Preconditions',
  'V1StatusDetails',
  'V1StatusCause',
  'V1ShardInfo',
]);

/** The models call a resource.Quantity a string; these fields are the quantities (they also accept JSON numbers). */
const quantities = new Set([
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1PodSpec.overhead',
  'V1VolumeResourceRequirements.limits',
  'V1VolumeResourceRequirements.requests',
  'V1EmptyDirVolumeSource.sizeLimit',
  'V1ResourceFieldSelector.divisor',
  'V1NodeStatus.capacity',
  'V1NodeStatus.allocatable',
  'V1ResourceQuotaSpec.hard',
  'V1ResourceQuotaStatus.hard',
  'V1ResourceQuotaStatus.used',
  'V1LimitRangeItem._default',
  'V1LimitRangeItem.defaultRequest',
  'V1LimitRangeItem.max',
  'V1LimitRangeItem.maxLimitRequestRatio',
  'V1LimitRangeItem.min',
  'V1PersistentVolumeClaimStatus.capacity',
  'V1PersistentVolumeClaimStatus.allocatedResources',
  'V1ContainerStatus.allocatedResources',
  'V1PodStatus.allocatedResources',
  'V1PersistentVolumeSpec.capacity',
  'V1Overhead.podFixed',
  'V1CSIStorageCapacity.capacity',
  'V1CSIStorageCapacity.maximumVolumeSize',
  'V2MetricTarget.averageValue',
  'V2MetricTarget.value',
  'V2MetricValueStatus.averageValue',
  'V2MetricValueStatus.value',
]);

/** Where the models say any and Kubernetes 1.22 and newer takes one thing only. */
const narrowed: Readonly<Record<string, string>> = { 'V1JSONSchemaProps.items': 'V1JSONSchemaProps' };

interface Attribute {
  readonly name: string;
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

export type FieldTable = Record<string, Record<string, string>>;

export async function deriveFields(): Promise<FieldTable> {
  const packs = new Map<string, string>();
  const attributes = new Map<string, readonly Attribute[]>();
  for (const [pack, start] of roots) {
    const queue = [...start];
    for (let model = queue.pop(); model !== undefined; model = queue.pop()) {
      if (packs.has(model)) continue;
      packs.set(model, metaModels.has(model) ? 'meta/v1' : pack);
      const fields = await attributesOf(model);
      attributes.set(model, fields);
      for (const field of fields) queue.push(...modelsIn(field.type));
    }
  }
  const key = (model: string) => `${packs.get(model)!}.${model.replace(/^[A-Za-z]*?V[12](?=[A-Z])/, '')}`;
  const table: FieldTable = {};
  for (const model of [...packs.keys()].toSorted((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const required = requiredIn(model);
    const fields: Record<string, string> = {};
    for (const field of attributes.get(model)!.toSorted((a, b) => (a.baseName < b.baseName ? -1 : 1))) {
      const type = notation(model, field, key);
      fields[field.baseName] = required.has(field.name) ? `${type}!` : type;
    }
    table[key(model)] = fields;
  }
  return table;
}

async function attributesOf(model: string): Promise<readonly Attribute[]> {
  const module = (await import(join(models, `${model}.js`))) as Record<
    string,
    { attributeTypeMap: readonly Attribute[] }
  >;
  return module[model]!.attributeTypeMap;
}

/** Properties that the declaration does not make optional. */
function requiredIn(model: string): ReadonlySet<string> {
  const text = readFileSync(join(models, `${model}.d.ts`), 'utf8');
  return new Set([...text.matchAll(/^ {4}'(\w+)': /gm)].map((match) => match[1]!));
}

function modelsIn(type: string): readonly string[] {
  return [...type.matchAll(/\b[A-Za-z]*V[12][A-Z]\w*/g)]
    .map((match) => match[0])
    .filter((model) => model !== 'V1MicroTime');
}

function notation(model: string, field: Attribute, key: (model: string) => string): string {
  const list = /^Array<(.*)>$/.exec(field.type);
  if (list !== null) return `[]${notation(model, { ...field, type: list[1]! }, key)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(field.type);
  if (map !== null) return `map[]${notation(model, { ...field, type: map[1]! }, key)}`;
  if (field.type === 'V1MicroTime') return 'microTime';
  if (field.type === 'IntOrString') return 'intOrString';
  if (field.type === 'Date') return 'time';
  const narrow = narrowed[`${model}.${field.name}`];
  if (narrow !== undefined) return key(narrow);
  if (field.type === 'any' || field.type === 'boolean') return field.type;
  if (field.type === 'number') return field.format === '' ? 'double' : field.format;
  if (field.type !== 'string') return key(field.type);
  if (field.format === 'byte') return 'bytes';
  return quantities.has(`${model}.${field.name}`) ? 'quantity' : 'string';
}

export function renderFields(table: FieldTable): string {
  return `${JSON.stringify(table, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(fieldsFile, renderFields(await deriveFields()));
