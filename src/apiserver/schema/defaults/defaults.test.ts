// What the server fills in, kind by kind: given fields, and the ones that must be there afterwards.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../json.ts';
import { prepare } from '../index.ts';

const prepared = (key: string, object: JsonObject) =>
  prepare(key, object, { fieldValidation: 'Strict' }).object as unknown as JsonObject;
const containerOf = (container: JsonObject, spec: JsonObject = {}) => {
  const pod = prepared('v1/Pod', { spec: { ...spec, containers: [{ name: 'c', image: 'i:1', ...container }] } });
  return (pod['spec'] as { readonly containers: readonly JsonObject[] }).containers[0]!;
};
const templateContainerOf = (container: JsonObject, spec: JsonObject = {}) => {
  const template = prepared('v1/PodTemplate', {
    template: { spec: { ...spec, containers: [{ name: 'c', ...container }] } },
  });
  return (template['template'] as { readonly spec: { readonly containers: readonly JsonObject[] } }).spec
    .containers[0]!;
};

describe('defaults', () => {
  for (const [image, policy] of [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.2', 'IfNotPresent'],
    ['registry:5000/nginx', 'Always'],
    ['registry:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:00', 'IfNotPresent'],
    ['nginx:latest@sha256:00', 'Always'],
  ] as const)
    test(`the image ${image} is pulled ${policy}`, () =>
      assert.equal(containerOf({ image })['imagePullPolicy'], policy));

  test('an explicit pull policy stays', () =>
    assert.equal(containerOf({ imagePullPolicy: 'Never' })['imagePullPolicy'], 'Never'));

  test('in a pod, limits are requests too; in a template they are not', () => {
    const resources = { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '0.5' } };
    assert.deepEqual(containerOf({ resources })['resources'], {
      limits: { cpu: '1', memory: '1Gi' },
      requests: { cpu: '500m', memory: '1Gi' },
    });
    assert.deepEqual(templateContainerOf({ resources })['resources'], {
      limits: { cpu: '1', memory: '1Gi' },
      requests: { cpu: '500m' },
    });
  });

  test("in a pod on the host's network, ports are the host's too; in a template they are not", () => {
    const ports = [{ containerPort: 80 }];
    assert.deepEqual(containerOf({ ports }, { hostNetwork: true })['ports'], [
      { containerPort: 80, hostPort: 80, protocol: 'TCP' },
    ]);
    assert.deepEqual(templateContainerOf({ ports }, { hostNetwork: true })['ports'], [
      { containerPort: 80, protocol: 'TCP' },
    ]);
  });

  test('a probe gets its times, its path and its scheme', () =>
    assert.deepEqual(containerOf({ livenessProbe: { httpGet: { port: 'web' } } })['livenessProbe'], {
      httpGet: { port: 'web', path: '/', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    }));

  test('a probe that says zero gets its times, too: Go cannot tell the two apart', () =>
    assert.deepEqual(
      containerOf({
        livenessProbe: { exec: { command: ['x'] }, initialDelaySeconds: 0, periodSeconds: 0, successThreshold: 0 },
      })['livenessProbe'],
      {
        exec: { command: ['x'] },
        initialDelaySeconds: 0,
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
    ));

  const rows: readonly (readonly [what: string, key: string, given: JsonObject, expected: JsonObject])[] = [
    [
      'an OnDelete strategy gets nothing',
      'apps/v1/DaemonSet',
      { spec: { updateStrategy: { type: 'OnDelete' } } },
      { spec: { updateStrategy: { type: 'OnDelete' } } },
    ],
    [
      'surge alone gets maxUnavailable 1, as upstream does',
      'apps/v1/DaemonSet',
      { spec: { updateStrategy: { rollingUpdate: { maxSurge: 2 } } } },
      { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } } },
    ],
    [
      'a volume without a source is an emptyDir',
      'v1/Pod',
      { spec: { volumes: [{ name: 'v' }] } },
      { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
    ],
    [
      'projected files are 0644',
      'v1/Pod',
      {
        spec: {
          volumes: [
            { name: 'v', configMap: { name: 'm' } },
            { name: 'w', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
          ],
        },
      },
      {
        spec: {
          volumes: [
            { name: 'v', configMap: { name: 'm', defaultMode: 420 } },
            {
              name: 'w',
              projected: {
                sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
                defaultMode: 420,
              },
            },
          ],
        },
      },
    ],
    [
      'the old name of the service account is kept beside the new',
      'v1/Pod',
      { spec: { serviceAccountName: 'a' } },
      { spec: { serviceAccountName: 'a', serviceAccount: 'a', enableServiceLinks: true } },
    ],
    [
      'and stands for it',
      'v1/Pod',
      { spec: { serviceAccount: 'a' } },
      { spec: { serviceAccountName: 'a', serviceAccount: 'a' } },
    ],
    [
      'a namespace is labelled with its name',
      'v1/Namespace',
      { metadata: { name: 'x' } },
      { metadata: { name: 'x', labels: { 'kubernetes.io/metadata.name': 'x' } }, status: { phase: 'Active' } },
    ],
    [
      'stringData lands in data',
      'v1/Secret',
      { data: { a: 'YQ==', b: 'Yg==' }, stringData: { a: 'ä' } },
      { type: 'Opaque', data: { a: 'w6Q=', b: 'Yg==' }, stringData: undefined },
    ],
    [
      'a service is a ClusterIP, and its ports lead to themselves',
      'v1/Service',
      { spec: { ports: [{ port: 80 }] } },
      {
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          internalTrafficPolicy: 'Cluster',
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        },
      },
    ],
    [
      'all of a node can be allocated',
      'v1/Node',
      { status: { capacity: { cpu: '4' } } },
      { status: { capacity: { cpu: '4' }, allocatable: { cpu: '4' } } },
    ],
    [
      'a maximum is a limit, and a limit a request',
      'v1/LimitRange',
      { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { memory: '1Gi' } }] } },
      {
        spec: {
          limits: [
            {
              type: 'Container',
              max: { cpu: '2' },
              default: { memory: '1Gi', cpu: '2' },
              defaultRequest: { memory: '1Gi', cpu: '2' },
            },
          ],
        },
      },
    ],
    [
      'a deployment rolls by quarters',
      'apps/v1/Deployment',
      { spec: {} },
      {
        spec: {
          replicas: 1,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        },
      },
    ],
    [
      'times come in UTC and in seconds',
      'v1/Pod',
      { status: { startTime: '2026-01-01T01:00:00.5+01:00' } },
      { status: { startTime: '2026-01-01T00:00:00Z' } },
    ],
    [
      'leases count microseconds',
      'coordination.k8s.io/v1/Lease',
      { spec: { renewTime: '2026-01-01T00:00:00.123456Z' } },
      { spec: { renewTime: '2026-01-01T00:00:00.123456Z' } },
    ],
    [
      'empty lists and maps go',
      'v1/Pod',
      { metadata: { name: 'x', labels: {} }, spec: { tolerations: [] } },
      { metadata: { name: 'x', labels: undefined }, spec: { tolerations: undefined } },
    ],
  ];
  for (const [what, key, given, expected] of rows)
    test(what, () => {
      const object = prepared(key, given);
      assertHas(object, expected, '');
      assert.equal(prepared(key, object), object, 'a second time changes nothing');
    });
});

/** `undefined` in `expected` means absent; what it does not name may be anything. */
function assertHas(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected))
    assert.deepEqual(actual, expected, path);
  else
    for (const [key, value] of Object.entries(expected))
      assertHas((actual as JsonObject | undefined)?.[key], value, `${path}.${key}`);
}
