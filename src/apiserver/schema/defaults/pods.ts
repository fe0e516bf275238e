// Defaults of pods, pod templates, containers and probes (kubernetes pkg/apis/core/v1/defaults.go).
import type { JsonObject } from '../json.ts';
import type { Defaulter } from '../walk.ts';
import { constants, fill, mapEntries, numbers, struct } from './fill.ts';

/** Always for `:latest` or no tag at all, IfNotPresent for any other tag or a digest. */
function imagePullPolicy(image: unknown): string {
  if (typeof image !== 'string') return 'IfNotPresent';
  const [name = '', digest] = image.split('@');
  const tag = /:([^:/]*)$/.exec(name)?.[1] ?? (digest === undefined ? 'latest' : '');
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

const containerConstants = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

const container: Defaulter = (object) =>
  fill(object, { ...containerConstants, imagePullPolicy: imagePullPolicy(object['image']) });

const podSpecConstants = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

/** serviceAccount is the deprecated alias of serviceAccountName: each is read when the other is absent. */
const podSpec: Defaulter = (object) => {
  const account = object['serviceAccountName'] || object['serviceAccount'];
  const filled = fill(object, podSpecConstants);
  if (account === undefined || account === '' || filled['serviceAccount'] === account) {
    return account === undefined || account === '' ? filled : fill(filled, { serviceAccountName: account });
  }
  return { ...filled, serviceAccountName: account, serviceAccount: account };
};

/** In a pod (never in a template) a limit without a request is a request too. */
const requestsFromLimits: Defaulter = (container) => {
  const resources = struct(container, 'resources');
  const requests = struct(resources, 'requests');
  const filled = fill(requests, struct(resources, 'limits'));
  return filled === requests ? container : { ...container, resources: { ...resources, requests: filled } };
};

/** In a pod of the host's network (never in a template) every container port is a port of the host. */
const hostPorts: Defaulter = (container) =>
  mapEntries(container, 'ports', (port) => {
    const absent = port['hostPort'] === undefined || port['hostPort'] === 0;
    return absent ? { ...port, hostPort: port['containerPort'] } : port;
  });

const pod: Defaulter = (object) => {
  let spec = fill(struct(object, 'spec'), { enableServiceLinks: true });
  for (const field of ['containers', 'initContainers']) {
    spec = mapEntries(spec, field, requestsFromLimits);
    if (spec['hostNetwork'] === true) spec = mapEntries(spec, field, hostPorts);
  }
  // Of pods alone (conversion.go Convert_v1_Pod_To_core_Pod): a template keeps what it says.
  const grace = spec['terminationGracePeriodSeconds'];
  if (typeof grace === 'number' && grace < 0) spec = { ...spec, terminationGracePeriodSeconds: 1 };
  return spec === object['spec'] ? object : { ...object, spec };
};

export const podDefaults: Readonly<Record<string, Defaulter>> = {
  'core/v1.Pod': pod,
  'core/v1.PodStatus': constants({ phase: 'Pending' }),
  'core/v1.PodSpec': podSpec,
  'core/v1.Container': container,
  'core/v1.EphemeralContainer': container,
  'core/v1.ContainerPort': constants({ protocol: 'TCP' }),
  'core/v1.Probe': numbers({ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  'core/v1.HTTPGetAction': constants({ path: '/', scheme: 'HTTP' }),
  'core/v1.GRPCAction': (object: JsonObject) => (object['service'] === undefined ? { ...object, service: '' } : object),
  'core/v1.ObjectFieldSelector': constants({ apiVersion: 'v1' }),
  'core/v1.ResourceFieldSelector': constants({ divisor: '0' }),
};
