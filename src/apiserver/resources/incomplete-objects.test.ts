import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyObject, createTestServer } from '../server.test-support.ts';
import { definition } from '../custom-resources/custom-resources.test-support.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } };
const labels = { matchLabels: { app: 'a' } };
const metadata = { name: 'a' };
const cases: readonly (readonly [group: string, version: string, resource: string, body: AnyObject])[] = [
  ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions', definition()],
  ['batch', 'v1', 'jobs', { metadata, spec: { template } }],
  ['batch', 'v1', 'cronjobs', { metadata, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } } }],
  [
    'apps',
    'v1',
    'statefulsets',
    {
      metadata,
      spec: {
        selector: labels,
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    },
  ],
  [
    'autoscaling',
    'v2',
    'horizontalpodautoscalers',
    {
      metadata,
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'a' },
        maxReplicas: 2,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 8 } } },
        ],
      },
    },
  ],
  [
    'autoscaling',
    'v1',
    'horizontalpodautoscalers',
    { metadata, spec: { scaleTargetRef: { kind: 'Deployment', name: 'a' }, maxReplicas: 2 } },
  ],
  [
    'networking.k8s.io',
    'v1',
    'ingresses',
    {
      metadata,
      spec: {
        tls: [{ hosts: ['a.b'] }],
        rules: [
          { host: 'a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'a' } } }] } },
        ],
      },
    },
  ],
  ['networking.k8s.io', 'v1', 'networkpolicies', { metadata, spec: { podSelector: labels, egress: [{ to: [] }] } }],
  ['', 'v1', 'persistentvolumes', { metadata, spec: { capacity: { storage: '1Gi' }, claimRef: { name: 'a' } } }],
  ['storage.k8s.io', 'v1', 'storageclasses', { metadata, provisioner: 'a' }],
  [
    'discovery.k8s.io',
    'v1',
    'endpointslices',
    { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }], ports: [] },
  ],
];

/** The value with one part of it missing, null, or of another shape; each in turn. */
function* without(value: unknown): Generator {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[key];
    const put = (next: unknown) =>
      Array.isArray(value) ? value.toSpliced(Number(key), 1, next) : { ...value, [key]: next };
    yield put(null);
    yield put({});
    yield put([]);
    yield put('');
    if (!Array.isArray(value)) yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    for (const inner of without(part)) yield put(inner);
  }
}

for (const [group, version, resource, body] of cases)
  test(`${version} ${resource}: whatever is missing, the answer is never an error of the server`, async () => {
    const { server, call } = await createTestServer();
    const found = server.resources.find(group, version, resource)!;
    const where = { group, version, resource, ...(found.namespaced ? { namespace: 'default' } : {}) };
    await call({ ...where, verb: 'create', body });
    await call({ ...where, verb: 'delete', name: body.metadata.name!, query: { gracePeriodSeconds: '0' } });
    for (const changed of without(body)) {
      const query = { dryRun: 'All' };
      const user = { name: 'admin', groups: ['system:masters'] };
      const answer = await server
        .handle({ ...where, verb: 'create', body: changed, query, user })
        .catch((error: unknown) => error as { readonly code: number });
      assert.ok(answer.code < 500, `${JSON.stringify(changed)}: ${JSON.stringify(answer)}`);
      const object = 'body' in answer ? (answer.body as AnyObject) : undefined;
      if (object !== undefined) for (const { cell } of found.columns) cell(object, 0);
    }
  });
