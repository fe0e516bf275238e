// Objects of every kind that the schema knows, made up: mostly as they should be, so that they get past the first check.
import {
  type FieldType,
  type Scalar,
  structForResource,
  type StructType,
} from '../../../src/apiserver/schema/types.ts';
import { hostileValue } from './mutate.ts';
import type { Rng } from './rng.ts';

export const names = ['a', 'b', 'c', 'node-1'] as const;
export const namespaces = ['default', 'kube-system', 'fuzz'] as const;
const depthMax = 9;

/** Fields whose meaning a type does not say. */
const wellKnown: Readonly<Record<string, readonly unknown[]>> = {
  name: names,
  generateName: ['a-'],
  namespace: namespaces,
  nodeName: names,
  image: ['busybox:1'],
  type: ['RollingUpdate', 'OnDelete', 'Recreate', 'ClusterIP', 'Ready', 'Opaque', 'Utilization', 'Resource'],
  operator: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Equal'],
  effect: ['NoSchedule', 'NoExecute', 'PreferNoSchedule'],
  protocol: ['TCP', 'UDP'],
  restartPolicy: ['Always', 'OnFailure', 'Never'],
  verbs: [['get', 'list'], ['*']],
  apiGroups: [[''], ['apps']],
  scope: ['Namespaced', 'Cluster'],
  schedule: ['* * * * *'],
  kind: ['Role', 'ClusterRole', 'Pod', 'DaemonSet', 'User', 'ServiceAccount'],
  apiGroup: ['', 'rbac.authorization.k8s.io'],
  apiVersion: ['v1', 'apps/v1'],
  uid: ['11111111-1111-4111-8111-111111111111'],
  propagationPolicy: ['Foreground', 'Background', 'Orphan'],
  mountPath: ['/data', '/'],
  path: ['/x', '/x/y'],
  key: ['app', 'example.com/key'],
};

export function objectOf(rng: Rng, apiVersion: string, kind: string): Record<string, unknown> {
  const struct = structForResource(`${apiVersion}/${kind}`);
  const made = struct === undefined ? {} : structValue(rng, struct, 0);
  const metadata = {
    name: rng.pick(names),
    ...(rng.chance(0.5) ? { labels: { app: rng.pick(names) } } : {}),
    ...(rng.chance(0.15) ? (made['metadata'] as object | undefined) : {}),
  };
  return { ...made, apiVersion, kind, metadata };
}

function structValue(rng: Rng, struct: StructType, depth: number): Record<string, unknown> {
  const made: [string, unknown][] = [];
  for (const { name, type, required } of struct.fields.values()) {
    const share = depth < 2 ? 0.6 : 0.12;
    if (!rng.chance(required ? 0.97 : share)) continue;
    if (depth >= depthMax && !required) continue;
    made.push([name, depth >= depthMax + 3 ? {} : fieldValue(rng, name, type, depth + 1)]);
  }
  return Object.fromEntries(made);
}

function fieldValue(rng: Rng, name: string, type: FieldType, depth: number): unknown {
  if (rng.chance(0.02)) return hostileValue(rng);
  const known = Object.hasOwn(wellKnown, name) ? wellKnown[name] : undefined;
  if (known !== undefined && type.is !== 'struct' && rng.chance(0.85)) return rng.pick(known);
  switch (type.is) {
    case 'scalar':
      return scalarValue(rng, type.scalar);
    case 'struct':
      return structValue(rng, type.struct, depth);
    case 'list':
      return Array.from({ length: rng.few(3) + (rng.chance(0.7) ? 1 : 0) }, () =>
        fieldValue(rng, name, type.item, depth),
      );
    case 'map':
      return Object.fromEntries(
        Array.from({ length: rng.few(3) }, () => [
          rng.pick(['app', 'cpu', 'memory', 'k']),
          fieldValue(rng, '', type.value, depth),
        ]),
      );
  }
}

function scalarValue(rng: Rng, scalar: Scalar): unknown {
  switch (scalar) {
    case 'string':
      return rng.pick(['a', 'app', 'b-1', '', 'main', 'example.com', '10.0.0.1', 'x'.repeat(70)]);
    case 'int32':
    case 'int64':
      return rng.pick([0, 1, 2, 80, 443, 30, -1, 65_536, 2_147_483_647]);
    case 'double':
      return rng.pick([0, 1.5, -2]);
    case 'boolean':
      return rng.chance(0.5);
    case 'time':
      return rng.pick(['2026-11-24T00:00:00Z', '1970-01-01T00:00:00Z', null]);
    case 'microTime':
      return '2026-11-24T00:00:00.000000Z';
    case 'bytes':
      return rng.pick(['', 'YQ==', 'not base64!']);
    case 'quantity':
      return rng.pick(['100m', '1', '200Mi', '0.1', '1e3', 2]);
    case 'intOrString':
      return rng.pick([1, 0, '10%', '100%', 'http']);
    case 'any':
      return hostileValue(rng);
  }
}
