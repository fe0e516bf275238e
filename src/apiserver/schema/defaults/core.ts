// Defaults of the other kinds: namespaces, services, secrets, nodes, limits, priorities, role bindings
// (kubernetes pkg/apis/{core,scheduling,rbac}/v1/defaults.go).
import { Buffer } from 'node:buffer';
import { isObject, type JsonObject, setOwn, withoutKey } from '../json.ts';
import type { Defaulter } from '../walk.ts';
import { constants, fill, mapEntries, struct, withoutZeros } from './fill.ts';

/** Every namespace carries its name as a label, so that selectors can name it. */
const namespace: Defaulter = (object) => {
  const metadata = struct(object, 'metadata');
  const name = metadata['name'];
  const labels = struct(metadata, 'labels');
  if (typeof name !== 'string' || name === '' || labels['kubernetes.io/metadata.name'] === name) return object;
  return { ...object, metadata: { ...metadata, labels: { ...labels, 'kubernetes.io/metadata.name': name } } };
};

/** stringData is for writing only: it lands in data, base64, and wins over what is there. */
const secret: Defaulter = (object) => {
  const filled = fill(object, { type: 'Opaque' });
  const plain = filled['stringData'];
  if (!isObject(plain)) return filled;
  const data: Record<string, unknown> = { ...struct(filled, 'data') };
  for (const key of Object.keys(plain)) setOwn(data, key, Buffer.from(String(plain[key])).toString('base64'));
  return { ...withoutKey(filled, 'stringData'), data };
};

const servicePort: Defaulter = (port) =>
  fill(withoutZeros(port, ['targetPort']), { protocol: 'TCP', targetPort: port['port'] });

const clientIpTimeoutSeconds = 10_800;

const serviceSpec: Defaulter = (object) => {
  let spec = fill(object, { sessionAffinity: 'None', type: 'ClusterIP' });
  const type = spec['type'];
  if (spec['sessionAffinity'] === 'ClientIP')
    spec = fill(spec, { sessionAffinityConfig: { clientIP: { timeoutSeconds: clientIpTimeoutSeconds } } });
  if (type !== 'ExternalName') spec = fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (type === 'NodePort' || type === 'LoadBalancer') spec = fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (type === 'LoadBalancer') spec = fill(spec, { allocateLoadBalancerNodePorts: true });
  return mapEntries(spec, 'ports', servicePort);
};

/** For containers a maximum is a default limit, and a default limit (or else a minimum) a default request. */
const limitRangeItem: Defaulter = (object) => {
  if (object['type'] !== 'Container') return object;
  const limits = fill(struct(object, 'default'), struct(object, 'max'));
  const requests = fill(fill(struct(object, 'defaultRequest'), limits), struct(object, 'min'));
  const withLimits = withMap(object, 'default', limits);
  return withMap(withLimits, 'defaultRequest', requests);
};

/** The object with a map field set; the same object when that is empty or what is there. */
function withMap(object: JsonObject, field: string, map: JsonObject): JsonObject {
  return object[field] === map || Object.keys(map).length === 0 ? object : { ...object, [field]: map };
}

const rbacGroup = 'rbac.authorization.k8s.io';

const subject: Defaulter = (object) =>
  object['kind'] === 'User' || object['kind'] === 'Group' ? fill(object, { apiGroup: rbacGroup }) : object;

export const coreDefaults: Readonly<Record<string, Defaulter>> = {
  'core/v1.Namespace': namespace,
  'core/v1.NamespaceStatus': constants({ phase: 'Active' }),
  'core/v1.NodeStatus': (object) => fill(object, { allocatable: object['capacity'] }),
  'core/v1.Secret': secret,
  'core/v1.ServiceSpec': serviceSpec,
  'core/v1.EndpointPort': constants({ protocol: 'TCP' }),
  'core/v1.LimitRangeItem': limitRangeItem,
  'scheduling.k8s.io/v1.PriorityClass': constants({ value: 0, preemptionPolicy: 'PreemptLowerPriority' }),
  'rbac.authorization.k8s.io/v1.RoleRef': constants({ apiGroup: rbacGroup }),
  'rbac.authorization.k8s.io/v1.Subject': subject,
};
