import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyObject, createTestServer } from '../server.test-support.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
};
const web = { resource: 'deployments', namespace: 'default' } as const;
const scale = { ...web, name: 'web', subresource: 'scale' } as const;

test('a scale shows and sets the replicas, and nothing else', async () => {
  const { call } = await createTestServer();
  await call({ ...web, verb: 'create', body: deployment });
  const found = await call({ ...scale, verb: 'get' });
  assert.deepEqual(
    [found.kind, found.apiVersion, found.spec, found.status],
    ['Scale', 'autoscaling/v1', { replicas: 2 }, { replicas: 0, selector: 'app=web' }],
  );
  const body = { ...found, metadata: { ...found.metadata, labels: { a: 'b' } }, spec: { replicas: 5 } };
  assert.deepEqual((await call({ ...scale, verb: 'update', body })).spec, { replicas: 5 });
  const patch = { spec: { replicas: 0 } };
  await call({ ...scale, verb: 'patch', patchType: 'application/merge-patch+json', body: patch });
  const now = await call({ ...web, verb: 'get', name: 'web' });
  assert.equal((now.spec as { replicas: number }).replicas, 0);
  assert.equal(now.metadata.generation, 3);
  assert.equal(now.metadata.labels, undefined);
});

test('who scales is known to whoever applies', async () => {
  const { call, fails } = await createTestServer();
  const patchType = 'application/apply-patch+yaml';
  const apply = { ...web, verb: 'patch', name: 'web', patchType, query: { fieldManager: 'kubectl' } } as const;
  await call({ ...apply, body: deployment });
  const merge = { verb: 'patch', patchType: 'application/merge-patch+json' } as const;
  await call({ ...scale, ...merge, query: { fieldManager: 'autoscaler' }, body: { spec: { replicas: 5 } } });
  assert.equal(
    (await fails({ ...apply, body: deployment })).message,
    'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: .spec.replicas',
  );
});

test('a scale that was read too long ago is a conflict; a negative one is refused', async () => {
  const { call, fails } = await createTestServer();
  await call({ ...web, verb: 'create', body: deployment });
  const old = await call({ ...scale, verb: 'get' });
  await call({ ...scale, verb: 'update', body: { ...old, spec: { replicas: 3 } } });
  assert.equal((await fails({ ...scale, verb: 'update', body: { ...old, spec: { replicas: 4 } } })).reason, 'Conflict');
  const negative = {
    verb: 'patch',
    patchType: 'application/merge-patch+json',
    body: { spec: { replicas: -1 } },
  } as const;
  assert.equal((await fails({ ...scale, ...negative })).code, 422);
});

test('an autoscaler is one object in two versions', async () => {
  const { call } = await createTestServer();
  const autoscalers = { group: 'autoscaling', resource: 'horizontalpodautoscalers', namespace: 'default' } as const;
  const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };
  const old = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 80 },
  };
  await call({ ...autoscalers, version: 'v1', verb: 'create', body: old });
  const newer = await call({ ...autoscalers, version: 'v2', verb: 'get', name: 'web' });
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };
  assert.deepEqual((newer.spec as { metrics: unknown }).metrics, [cpu]);
  const memory = {
    type: 'Resource',
    resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
  };
  const body = { ...newer, spec: { ...(newer.spec as object), metrics: [cpu, memory] } };
  await call({ ...autoscalers, version: 'v2', verb: 'update', name: 'web', body });
  const shown = await call({ ...autoscalers, version: 'v1', verb: 'get', name: 'web' });
  assert.equal((shown.spec as { targetCPUUtilizationPercentage: number }).targetCPUUtilizationPercentage, 80);
  assert.match(shown.metadata.annotations!['autoscaling.alpha.kubernetes.io/metrics']!, /"memory"/);
  await call({ ...autoscalers, version: 'v1', verb: 'update', name: 'web', body: shown });
  const back = await call({ ...autoscalers, version: 'v2', verb: 'get', name: 'web' });
  assert.deepEqual(new Set((back.spec as { metrics: unknown[] }).metrics), new Set([memory, cpu]));
});

test("a job's selector and its pods' labels are the server's to choose", async () => {
  const { call, fails } = await createTestServer();
  const jobs = { group: 'batch', resource: 'jobs', namespace: 'default' } as const;
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once' }, spec: { template } };
  const made = (await call({ ...jobs, verb: 'create', body: job })) as AnyObject & {
    readonly spec: {
      readonly selector: unknown;
      readonly template: typeof template & { readonly metadata: { readonly labels: Record<string, string> } };
    };
  };
  const uid = made.metadata.uid!;
  assert.deepEqual(made.spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
  assert.equal(made.spec.template.metadata.labels['job-name'], 'once');
  const { restartPolicy: _, ...spec } = template.spec;
  const refused = await fails({ ...jobs, verb: 'create', body: { ...job, spec: { template: { spec } } } });
  assert.match(
    refused.message,
    /spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"/,
  );
});
