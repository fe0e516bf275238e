// Objects that are right, one of many kinds: what is changed a little of these gets far.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from '../../../src/machinery/index.ts';

type Object = Readonly<Record<string, unknown>>;

const examples = ['fluentd-elasticsearch', 'log-collector', 'metrics-agent', 'network-agent', 'storage-agent'];
const podSpec = {
  containers: [
    {
      name: 'main',
      image: 'busybox:1',
      command: ['sh', '-c', 'sleep 1'],
      env: [
        { name: 'A', value: 'b' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      ports: [{ containerPort: 80, name: 'http', protocol: 'TCP' }],
      resources: { requests: { cpu: '100m', memory: '20Mi' }, limits: { memory: '20Mi' } },
      readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  ],
  volumes: [{ name: 'data', emptyDir: {} }],
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
  nodeSelector: { app: 'a' },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] }],
      },
    },
  },
};
const labels = { app: 'a' };
const selector = { matchLabels: labels };
const template = { metadata: { labels }, spec: podSpec };
const jobTemplate = { spec: { ...podSpec, restartPolicy: 'Never' } };
const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'a' }];
const crdSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 5, default: 2 },
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 10 },
        parts: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        either: { 'x-kubernetes-int-or-string': true },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};

function object(apiVersion: string, kind: string, fields: Object = {}, name = 'a'): Object {
  return { apiVersion, kind, metadata: { name, labels }, ...fields };
}

export const corpus: readonly Object[] = [
  object('v1', 'Pod', { spec: podSpec }),
  object('v1', 'Node', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] }, status: { capacity: { cpu: '4' } } }),
  object('v1', 'ConfigMap', { data: { a: 'b' }, binaryData: { c: 'YQ==' } }),
  object('v1', 'Secret', { type: 'Opaque', stringData: { a: 'b' }, data: { c: 'YQ==' } }),
  object('v1', 'Service', { spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] } }),
  object('v1', 'ServiceAccount'),
  object('v1', 'Namespace'),
  object('v1', 'ResourceQuota', { spec: { hard: { pods: '10', cpu: '1' } } }),
  object('v1', 'LimitRange', { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } }),
  object('v1', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  object('v1', 'Event', {
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
  }),
  object('apps/v1', 'DaemonSet', {
    spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } } },
  }),
  object('apps/v1', 'Deployment', { spec: { replicas: 2, selector, template } }),
  object('apps/v1', 'ReplicaSet', { spec: { replicas: 2, selector, template } }),
  object('apps/v1', 'StatefulSet', { spec: { selector, template, serviceName: 'a' } }),
  object('apps/v1', 'ControllerRevision', { revision: 1, data: { spec: { template } } }),
  object('batch/v1', 'Job', { spec: { template: jobTemplate } }),
  object('batch/v1', 'CronJob', { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } }),
  object('policy/v1', 'PodDisruptionBudget', { spec: { maxUnavailable: 1, selector } }),
  object('scheduling.k8s.io/v1', 'PriorityClass', { value: 5 }),
  object('coordination.k8s.io/v1', 'Lease', {
    spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-11-24T00:00:00.000000Z' },
  }),
  object('rbac.authorization.k8s.io/v1', 'Role', { rules: [rule] }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRole', { rules: [rule, { nonResourceURLs: ['/x'], verbs: ['get'] }] }),
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef, subjects }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { roleRef, subjects }),
  object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: { podSelector: selector, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
  }),
  object('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' }, maxReplicas: 3 },
  }),
  object('authorization.k8s.io/v1', 'SelfSubjectAccessReview', {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  object('authentication.k8s.io/v1', 'TokenReview', { spec: { token: 'x' } }),
  object(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    {
      spec: {
        group: 'fuzz.example',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: crdSchema },
            subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
            additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          },
        ],
      },
    },
    'things.fuzz.example',
  ),
  object('fuzz.example/v1', 'Thing', {
    spec: { size: 3, name: 'abc', parts: [{ id: 'x' }], free: { a: 1 }, either: '5%' },
  }),
  ...examples.flatMap((name) => {
    const path = join(import.meta.dirname, '..', '..', '..', 'examples', `${name}.yaml`);
    return parseYaml(readFileSync(path, 'utf8')) as readonly Object[];
  }),
];
