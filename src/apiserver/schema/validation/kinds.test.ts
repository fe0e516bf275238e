// The kinds besides pods and DaemonSets: one row for each rule, and which updates are refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { prepare, validateCreate, validateUpdate } from '../index.ts';
import { errorsOf, type Fields } from './pods.test-support.ts';

const made = (key: string, object: Fields) =>
  prepare(key, { metadata: { name: 'x' }, ...object }, { fieldValidation: 'Strict' }).object;

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const selector = { matchLabels: { a: 'b' } };
const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };

const rows: readonly (readonly [why: string, key: string, object: Fields, errors: readonly string[]])[] = [
  ['a node', 'v1/Node', {}, []],
  [
    'a node with a bad taint',
    'v1/Node',
    { spec: { taints: [{ key: 'a', effect: 'Hide' }] } },
    [
      'metadata.taints[0].effect: Unsupported value: "Hide": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'a node with a taint twice',
    'v1/Node',
    { spec: { taints: [1, 2].map(() => ({ key: 'a', effect: 'NoSchedule' })) } },
    [
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
  ],
  [
    'a node with one key and two effects',
    'v1/Node',
    { spec: { taints: ['NoSchedule', 'NoExecute'].map((effect) => ({ key: 'a', effect })) } },
    [],
  ],
  [
    'a namespace with a finalizer of nobody',
    'v1/Namespace',
    { spec: { finalizers: ['mine'] } },
    ['spec.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
  ],
  [
    'a lease of no time',
    'coordination.k8s.io/v1/Lease',
    { spec: { leaseDurationSeconds: 0 } },
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  ],
  [
    'a priority above all users',
    'scheduling.k8s.io/v1/PriorityClass',
    { value: 1_000_000_001 },
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'a priority class of the system that is none',
    'scheduling.k8s.io/v1/PriorityClass',
    { metadata: { name: 'system-x' }, value: 1 },
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
    ],
  ],
  [
    "the system's own priority class",
    'scheduling.k8s.io/v1/PriorityClass',
    { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
    [],
  ],
  [
    'a config map with a key that is no file name',
    'v1/ConfigMap',
    { data: { 'a/b': 'x' } },
    [
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [
    'a config map that is too large',
    'v1/ConfigMap',
    { data: { a: 'x'.repeat(1024 * 1024 + 1) } },
    [': Too long: may not be more than 1048576 bytes'],
  ],
  ['a service without ports', 'v1/Service', { spec: {} }, ['spec.ports: Required value']],
  ['a headless service without ports', 'v1/Service', { spec: { clusterIP: 'None' } }, []],
  [
    'a service with two unnamed ports',
    'v1/Service',
    { spec: { ports: [{ port: 1 }, { port: 2 }] } },
    ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
  ],
  [
    'a role that allows nothing',
    'rbac.authorization.k8s.io/v1/Role',
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] },
    ['rules[0].verbs: Required value: verbs must contain at least one value'],
  ],
  [
    'a role whose name has a colon',
    'rbac.authorization.k8s.io/v1/ClusterRole',
    { metadata: { name: 'system:x' }, rules: [] },
    [],
  ],
  [
    'a binding for an account of no namespace',
    'rbac.authorization.k8s.io/v1/RoleBinding',
    { roleRef: { ...role, kind: 'ClusterRole' }, subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
    ['subjects[0].namespace: Required value'],
  ],
  [
    'a binding in all namespaces of a role in one',
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
    { roleRef: role },
    ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
  ],
  [
    'a pull secret that is no JSON',
    'v1/Secret',
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'eA==' } },
    ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be JSON'],
  ],
  [
    'a limit for what is none',
    'v1/LimitRange',
    { spec: { limits: [{ type: 'Foo' }] } },
    ['spec.limits[0].type: Invalid value: "Foo": must be a standard limit type or fully qualified'],
  ],
  [
    'a budget of more than all',
    'policy/v1/PodDisruptionBudget',
    { spec: { minAvailable: '110%', unhealthyPodEvictionPolicy: 'Foo' } },
    [
      'spec.minAvailable: Invalid value: "110%": must not be greater than 100%',
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Foo": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ],
  [
    'a claim of nothing',
    'v1/PersistentVolumeClaim',
    { spec: {} },
    ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value'],
  ],
  [
    'a negative quota',
    'v1/ResourceQuota',
    { spec: { hard: { pods: '-1' } } },
    ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  [
    'a revision without data',
    'apps/v1/ControllerRevision',
    { revision: 1 },
    ['data: Required value: data is mandatory'],
  ],
  ['a deployment', 'apps/v1/Deployment', { spec: { selector, template } }, []],
  [
    'a deployment without a selector',
    'apps/v1/Deployment',
    { spec: { template } },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'a deployment that recreates by rolling',
    'apps/v1/Deployment',
    { spec: { selector, template, strategy: { type: 'Recreate', rollingUpdate: {} } } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  [
    'a budget of two kinds',
    'policy/v1/PodDisruptionBudget',
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    'an event about another namespace',
    'v1/Event',
    { metadata: { name: 'x', namespace: 'a' }, involvedObject: { namespace: 'b' } },
    ['involvedObject.namespace: Invalid value: "b": does not match event.namespace'],
  ],
  [
    'labels that are none',
    'v1/ConfigMap',
    { metadata: { name: 'x', labels: { '/a': 'b' } } },
    ['metadata.labels: Invalid value: "/a": prefix part must be non-empty'],
  ],
  [
    'a name too long',
    'v1/ConfigMap',
    { metadata: { name: 'x'.repeat(254) } },
    [`metadata.name: Invalid value: "${'x'.repeat(254)}": must be no more than 253 characters`],
  ],
  [
    'annotations too large',
    'v1/ConfigMap',
    { metadata: { name: 'x', annotations: { a: 'x'.repeat(256 * 1024) } } },
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  [
    'two controllers',
    'v1/ConfigMap',
    {
      metadata: {
        name: 'x',
        ownerReferences: ['a', 'b'].map((name) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name,
          uid: name,
          controller: true,
        })),
      },
    },
    [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"a","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"b","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for a and b',
    ],
  ],
  [
    'an owner without a uid',
    'v1/ConfigMap',
    { metadata: { name: 'x', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a' }] } },
    ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
  ],
  [
    'two ways to go',
    'v1/ConfigMap',
    { metadata: { name: 'x', finalizers: ['orphan', 'foregroundDeletion'] } },
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  ],
];

describe('validation of', () => {
  for (const [why, key, object, errors] of rows)
    test(why, () =>
      assert.deepEqual(
        errorsOf(() => validateCreate(key, made(key, object))),
        errors,
      ),
    );
});

describe('an update is refused', () => {
  const claim = (accessModes: readonly string[], rest: Fields = {}, storage = '1Gi') => ({
    spec: { accessModes, resources: { requests: { storage } }, ...rest },
  });
  const updates: readonly (readonly [
    why: string,
    key: string,
    before: Fields,
    next: Fields,
    errors: readonly string[],
  ])[] = [
    [
      'of an immutable config map',
      'v1/ConfigMap',
      { immutable: true, data: { a: '1' } },
      { immutable: true, data: { a: '2' } },
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
    ["of a secret's type", 'v1/Secret', { type: 'a.b/c' }, {}, ['type: Invalid value: "Opaque": field is immutable']],
    [
      "of a revision's data",
      'apps/v1/ControllerRevision',
      { revision: 1, data: { a: 1 } },
      { revision: 2, data: { a: 2 } },
      ['data: Invalid value: {"a":2}: field is immutable'],
    ],
    [
      "of a priority class's value",
      'scheduling.k8s.io/v1/PriorityClass',
      { value: 1 },
      { value: 2 },
      ['value: Forbidden: may not be changed in an update.'],
    ],
    [
      'of whom a role is bound to',
      'rbac.authorization.k8s.io/v1/RoleBinding',
      { roleRef: role },
      { roleRef: { ...role, name: 's' } },
      [
        'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"s"}: cannot change roleRef',
      ],
    ],
    [
      'of a name',
      'v1/ConfigMap',
      {},
      { metadata: { name: 'y' } },
      ['metadata.name: Invalid value: "y": field is immutable'],
    ],
    [
      "of a claim's access",
      'v1/PersistentVolumeClaim',
      claim(['ReadWriteOnce']),
      claim(['ReadOnlyMany']),
      [
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ],
    ],
    [
      'of nothing that a claim may get: a volume, and more room once it has one',
      'v1/PersistentVolumeClaim',
      claim(['ReadWriteOnce']),
      claim(['ReadWriteOnce'], { volumeName: 'v' }),
      [],
    ],
    [
      "of nothing else of a bound claim's",
      'v1/PersistentVolumeClaim',
      { ...claim(['ReadWriteOnce'], { volumeName: 'v' }), status: { phase: 'Bound' } },
      { ...claim(['ReadWriteOnce'], { volumeName: 'v' }, '2Gi'), status: { phase: 'Bound' } },
      [],
    ],
    [
      "of a node's provider",
      'v1/Node',
      { spec: { providerID: 'a' } },
      { spec: { providerID: 'b' } },
      ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
    ],
  ];
  for (const [why, key, before, next, errors] of updates)
    test(why, () =>
      assert.deepEqual(
        errorsOf(() => validateUpdate(key, made(key, next), made(key, before))),
        errors,
      ),
    );
});

describe('a status is refused', () => {
  const statuses: readonly (readonly [why: string, key: string, status: Fields, errors: readonly string[]])[] = [
    [
      'of a node with an address twice',
      'v1/Node',
      { addresses: [1, 2].map(() => ({ type: 'InternalIP', address: '10.0.0.1' })) },
      ['status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}'],
    ],
    [
      'of a pod with an address that is none',
      'v1/Pod',
      { podIPs: [{ ip: 'here' }] },
      ['status.podIPs[0]: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [
      'of a pod with two addresses of one family',
      'v1/Pod',
      { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
      [
        'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
      ],
    ],
    [
      'of a deployment with more ready than there are',
      'apps/v1/Deployment',
      { replicas: 3, readyReplicas: 5, availableReplicas: 2, unavailableReplicas: -1 },
      [
        'status.readyReplicas: Invalid value: 5: cannot be greater than status.replicas',
        'status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    [
      'of a replica set with more available than ready',
      'apps/v1/ReplicaSet',
      { replicas: 3, readyReplicas: 1, availableReplicas: 2, fullyLabeledReplicas: 3 },
      ['status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas'],
    ],
    [
      'of a namespace that nobody has deleted',
      'v1/Namespace',
      { phase: 'Terminating' },
      ['status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty'],
    ],
  ];
  for (const [why, key, status, errors] of statuses)
    test(why, () =>
      assert.deepEqual(
        errorsOf(() => validateUpdate(key, made(key, { status }), made(key, {}), { subresource: 'status' })),
        errors,
      ),
    );
});
