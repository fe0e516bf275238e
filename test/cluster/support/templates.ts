// Pod templates whose encoding is easy to get wrong: what kube-controller-manager compares byte by byte has to come out
// of a controller in another language with the very same bytes. Fields that a server does not know yet, it drops.
import type { DaemonSet, PodTemplateSpec } from '../../../src/api/index.ts';
import type { Cluster } from './cluster.ts';
import { image } from './workload.ts';

type Parts = {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly pod?: object;
  readonly container?: object;
};

const parts: Readonly<Record<string, Parts>> = {
  plain: {},
  'empty-structs': {
    pod: {
      securityContext: {},
      affinity: { nodeAffinity: {}, podAffinity: {} },
      volumes: [{ name: 'scratch', emptyDir: {} }],
      initContainers: [{ name: 'first', image, resources: {}, securityContext: {}, restartPolicy: 'Always' }],
    },
    container: { resources: {}, lifecycle: {}, securityContext: { capabilities: {} } },
  },
  'html-characters': {
    annotations: { 'example.com/note': '<b>&amp;</b> \u2028\u2029' },
    container: {
      args: [
        'test 1 <2 && echo "a > b & c" | sed s/\\\\/x/g; echo \u2028 \u2029 é 日本 \u{1F600}',
        '\b\f\t\u0001\u007F',
      ],
      env: [{ name: 'URL', value: 'http://x/?a=1&b=<2>' }],
    },
  },
  quantities: {
    pod: { volumes: [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '1024Mi' } }] },
    container: {
      resources: { limits: { cpu: '0.5', memory: '1536Mi' }, requests: { cpu: '0.0010', memory: '1e6' } },
      env: [
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      ],
    },
  },
  'int-or-string': {
    container: {
      ports: [{ name: 'http', containerPort: 8080 }],
      livenessProbe: { httpGet: { port: 'http', path: '/?a&b' } },
      readinessProbe: { tcpSocket: { port: 8080 } },
      lifecycle: { preStop: { httpGet: { port: 'http', httpHeaders: [{ name: 'X', value: '<y>' }] } } },
    },
  },
  numbers: {
    pod: {
      tolerations: [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 'greatest' }, { operator: 'Exists' }],
    },
  },
  // Each of them came after Kubernetes 1.25.
  'newer-fields': {
    pod: {
      os: { name: 'linux' },
      hostUsers: false,
      hostnameOverride: 'one',
      resources: { requests: { cpu: '0.01', memory: '16Mi' } },
      securityContext: { supplementalGroupsPolicy: 'Merge', appArmorProfile: { type: 'RuntimeDefault' } },
      topologySpreadConstraints: [
        {
          maxSkew: 5,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: {},
          matchLabelKeys: ['pod-template-generation'],
          nodeTaintsPolicy: 'Honor',
        },
      ],
      volumes: [{ name: 'files', image: { reference: image, pullPolicy: 'IfNotPresent' } }],
    },
    container: {
      resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42, 7] } }],
      lifecycle: { preStop: { sleep: { seconds: 0 } }, stopSignal: 'SIGUSR1' },
      volumeMounts: [{ name: 'files', mountPath: '/files', readOnly: true, recursiveReadOnly: 'Disabled' }],
    },
  },
};

export const templateNames = Object.keys(parts);

export function trickyManifests({ namespace, greatestNumber }: Cluster): string {
  const items = Object.entries(parts).map(([name, { annotations = {}, pod = {}, container = {} }]): DaemonSet => {
    const labels = { tricky: name };
    const template = {
      metadata: { labels, annotations },
      spec: {
        tolerations: [{ operator: 'Exists' }],
        terminationGracePeriodSeconds: 0,
        ...pod,
        containers: [{ name: 'main', image, ...container }],
      },
    } as PodTemplateSpec;
    return {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
        template,
      },
    };
  });
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  // JSON.stringify could not write it.
  return text.replaceAll('"greatest"', greatestNumber);
}
