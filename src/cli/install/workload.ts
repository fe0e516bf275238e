// What runs: the Deployment of two replicas, of which one leads, and what keeps it available and watched.
import { type InstallObject, labels, metadata, name, ports, selectorLabels } from './names.ts';
import type { InstallOptions } from './options.ts';

/** Without the controller DaemonSets stand still, so it is among the last to be evicted. */
const priorityClassName = 'system-cluster-critical';
const nobody = 65_532;

export function deployment(options: InstallOptions): InstallObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(options),
    spec: {
      replicas: options.replicas,
      revisionHistoryLimit: 3,
      // The new replica stands by until an old leader gives its lease back: an update leaves no gap.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selectorLabels },
      template: { metadata: { labels: labels(options) }, spec: podSpec(options) },
    },
  };
}

function podSpec(options: InstallOptions): Readonly<Record<string, unknown>> {
  const elsewhere = { matchLabels: selectorLabels };
  return {
    serviceAccountName: name,
    priorityClassName,
    // Longer than a leader needs to end its writes and give its lease back.
    terminationGracePeriodSeconds: 30,
    // Restricted, by the Pod Security Standards.
    securityContext: {
      runAsNonRoot: true,
      runAsUser: nobody,
      runAsGroup: nobody,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // Not both replicas on one node, nor in one zone, as long as there is a choice.
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: elsewhere } },
          { weight: 50, podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone', labelSelector: elsewhere } },
        ],
      },
    },
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'node-role.kubernetes.io/master', operator: 'Exists', effect: 'NoSchedule' },
    ],
    containers: [container(options)],
  };
}

function container(options: InstallOptions): Readonly<Record<string, unknown>> {
  const probe = (path: string, rest: object) => ({ httpGet: { path, port: 'health' }, ...rest });
  return {
    name: 'controller',
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      'controller',
      `--metrics-bind-address=:${ports.metrics}`,
      `--health-bind-address=:${ports.health}`,
      `--log-level=${options.logLevel}`,
    ],
    ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort, protocol: 'TCP' })),
    // Connecting and the first permissions take a few tries when the API server is slow to answer: a minute for that.
    startupProbe: probe('/healthz', { periodSeconds: 2, failureThreshold: 30 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, timeoutSeconds: 5 }),
    resources: {
      requests: { cpu: options.cpuRequest, memory: options.memoryRequest },
      // No CPU limit: a throttled leader misses its renewals.
      limits: { memory: options.memoryLimit },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** A drain takes one replica at a time; with a single replica it is still let through. */
export function disruptionBudget(options: InstallOptions): InstallObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(options),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels } },
  };
}

export function metricsService(options: InstallOptions): InstallObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(options),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels,
      ports: [{ name: 'metrics', port: ports.metrics, targetPort: 'metrics', protocol: 'TCP' }],
    },
  };
}

/** https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor */
export function serviceMonitor(options: InstallOptions): InstallObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: metadata(options),
    spec: { selector: { matchLabels: selectorLabels }, endpoints: [{ port: 'metrics', path: '/metrics' }] },
  };
}
