import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../api/index.ts';
import { createTestServer, pod, type TestServer } from '../../server.test-support.ts';

const pods = { resource: 'pods', namespace: 'default' } as const;

async function createPod(
  { call }: TestServer,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<Pod> {
  return (await call({ ...pods, verb: 'create', body: pod(name, {}, spec) })) as unknown as Pod;
}

function bind({ call }: TestServer, name: string, node: string) {
  return call({
    ...pods,
    verb: 'create',
    name,
    subresource: 'binding',
    body: { metadata: { name }, target: { kind: 'Node', name: node } },
  });
}

async function getPod({ call }: TestServer, name: string): Promise<Pod> {
  return (await call({ ...pods, verb: 'get', name })) as unknown as Pod;
}

test('a new pod is Pending, with the defaults of admission', async () => {
  const server = await createTestServer();
  const made = await createPod(server, 'a');
  assert.equal(made.status?.phase, 'Pending');
  assert.equal(made.status.qosClass, 'BestEffort');
  assert.equal(made.spec.priority, 0);
  assert.equal((made.spec as { serviceAccountName?: string }).serviceAccountName, 'default');
  assert.deepEqual(made.spec.tolerations, [
    { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  ]);
});

test('a gated pod says why nobody schedules it', async () => {
  const made = await createPod(await createTestServer(), 'a', { schedulingGates: [{ name: 'quota' }] });
  assert.deepEqual(made.status?.conditions, [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
      lastTransitionTime: made.metadata.creationTimestamp,
    },
  ]);
});

test('a pod that tolerates not-ready nodes for ever keeps doing so', async () => {
  const server = await createTestServer();
  const tolerations = [{ operator: 'Exists' }];
  const made = await createPod(server, 'a', { tolerations });
  assert.deepEqual(made.spec.tolerations, tolerations);
});

test('the priority class gives the priority, and nothing else may', async () => {
  const server = await createTestServer();
  const critical = await createPod(server, 'a', { priorityClassName: 'system-node-critical' });
  assert.equal(critical.spec.priority, 2_000_001_000);
  const unknown = await server.fails({ ...pods, verb: 'create', body: pod('b', {}, { priorityClassName: 'vip' }) });
  assert.equal(unknown.message, 'pods "b" is forbidden: no PriorityClass with name vip was found');
  const forged = await server.fails({ ...pods, verb: 'create', body: pod('c', {}, { priority: 7 }) });
  assert.match(forged.message, /integer value of priority \(7\) must not be provided in pod spec/);

  const body = { metadata: { name: 'usual' }, value: 5, globalDefault: true };
  await server.call({ verb: 'create', resource: 'priorityclasses', body });
  const usual = await createPod(server, 'd');
  assert.deepEqual([usual.spec.priority, usual.spec.priorityClassName], [5, 'usual']);
});

test('quality of service follows requests and limits', async (t) => {
  const server = await createTestServer();
  const cases: readonly [string, object, string][] = [
    ['none', {}, 'BestEffort'],
    ['requests', { requests: { cpu: '100m' } }, 'Burstable'],
    ['one limit', { limits: { cpu: '1' } }, 'Burstable'],
    ['both limits', { limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [
      'requests that equal the limits',
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } },
      'Guaranteed',
    ],
    ['requests below the limits', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, 'Burstable'],
  ];
  for (const [index, [name, resources, expected]] of cases.entries())
    await t.test(name, async () => {
      const made = await createPod(server, `p${index}`, { containers: [{ name: 'c', image: 'i', resources }] });
      assert.equal(made.status?.qosClass, expected);
    });
});

test('binding sets the node and the condition, once', async () => {
  const server = await createTestServer();
  await createPod(server, 'a');
  const answer = await bind(server, 'a', 'n1');
  assert.equal(answer.status, 'Success');
  const bound = await getPod(server, 'a');
  assert.equal(bound.spec.nodeName, 'n1');
  assert.equal(bound.status?.conditions?.[0]?.type, 'PodScheduled');
  assert.equal(bound.status.conditions[0].status, 'True');
  const again = {
    ...pods,
    verb: 'create',
    name: 'a',
    subresource: 'binding',
    body: { metadata: { name: 'a' }, target: { name: 'n2' } },
  } as const;
  const error = await server.fails(again);
  assert.equal(error.reason, 'Conflict');
  assert.equal(
    error.message,
    'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
  );
  assert.equal((await server.fails({ ...again, body: { metadata: { name: 'a' }, target: {} } })).reason, 'Invalid');
  assert.equal(
    (await server.fails({ ...again, name: 'b', body: { ...again.body, metadata: { name: 'b' } } })).message,
    'pods "b" not found',
  );
});

test('a binding and an eviction say whose they are', async () => {
  const server = await createTestServer();
  await createPod(server, 'a');
  const target = { kind: 'Node', name: 'n1' };
  for (const metadata of [{}, { name: 'b' }])
    for (const [subresource, kind] of [
      ['binding', 'Binding'],
      ['eviction', 'Eviction'],
    ] as const) {
      const body = { metadata, ...(kind === 'Binding' ? { target } : {}) };
      const refused = await server.fails({ ...pods, verb: 'create', name: 'a', subresource, body });
      assert.equal(refused.message, `name in URL does not match name in ${kind} object`);
    }
  assert.equal((await getPod(server, 'a')).spec.nodeName, undefined);
});

test('a pod nobody runs goes at once; a bound one gets its grace period, which may only shrink', async () => {
  const server = await createTestServer();
  await createPod(server, 'unbound');
  await server.call({ ...pods, verb: 'delete', name: 'unbound' });
  assert.equal((await server.fails({ ...pods, verb: 'get', name: 'unbound' })).reason, 'NotFound');

  await createPod(server, 'a');
  await bind(server, 'a', 'n1');
  const now = server.clock.now();
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString().replace('.000Z', 'Z');
  const leaving = await server.call({ ...pods, verb: 'delete', name: 'a' });
  assert.equal(leaving.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(leaving.metadata.deletionTimestamp, at(30));
  await server.clock.advance(3_000);
  const longer = await server.call({ ...pods, verb: 'delete', name: 'a', body: { gracePeriodSeconds: 90 } });
  assert.equal(longer.metadata.deletionTimestamp, at(30));
  const shorter = await server.call({ ...pods, verb: 'delete', name: 'a', body: { gracePeriodSeconds: 10 } });
  assert.equal(shorter.metadata.deletionTimestamp, at(10), 'counted from the first request');
  const uid = shorter.metadata.uid;
  const wrong = { gracePeriodSeconds: 0, preconditions: { uid: 'other' } };
  assert.equal((await server.fails({ ...pods, verb: 'delete', name: 'a', body: wrong })).reason, 'Conflict');
  await server.call({ ...pods, verb: 'delete', name: 'a', body: { gracePeriodSeconds: 0, preconditions: { uid } } });
  assert.equal((await server.fails({ ...pods, verb: 'get', name: 'a' })).reason, 'NotFound');
});

test('a bound pod with a finalizer stays after its agent is done, until the finalizer is gone', async () => {
  const server = await createTestServer();
  await server.call({ ...pods, verb: 'create', body: pod('a', { finalizers: ['example.com/x'] }) });
  await bind(server, 'a', 'n1');
  await server.call({ ...pods, verb: 'delete', name: 'a' });
  await server.call({ ...pods, verb: 'delete', name: 'a', body: { gracePeriodSeconds: 0 } });
  assert.equal((await getPod(server, 'a')).metadata.deletionGracePeriodSeconds, 0);
  await server.call({
    ...pods,
    verb: 'patch',
    name: 'a',
    patchType: 'application/merge-patch+json',
    body: { metadata: { finalizers: null } },
  });
  assert.equal((await server.fails({ ...pods, verb: 'get', name: 'a' })).reason, 'NotFound');
});

test('the node agent writes the status; class and owners are not its to change', async () => {
  const server = await createTestServer();
  const made = await createPod(server, 'a');
  const body = {
    ...made,
    metadata: { ...made.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }] },
    status: { phase: 'Running' },
  };
  const running = (await server.call({
    ...pods,
    verb: 'update',
    name: 'a',
    subresource: 'status',
    body,
  })) as unknown as Pod;
  assert.deepEqual(running.status, { phase: 'Running', qosClass: 'BestEffort' });
  assert.equal(running.metadata.ownerReferences, undefined);
});

test('eviction deletes, unless a disruption budget is in the way', async () => {
  const server = await createTestServer();
  for (const name of ['a', 'b']) {
    await server.call({ ...pods, verb: 'create', body: pod(name, { labels: { app: name } }) });
    await bind(server, name, 'n1');
    await server.call({
      ...pods,
      verb: 'patch',
      name,
      subresource: 'status',
      patchType: 'application/merge-patch+json',
      body: { status: { phase: 'Running' } },
    });
  }
  const budget = { metadata: { name: 'pdb' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } };
  await server.call({ resource: 'poddisruptionbudgets', namespace: 'default', verb: 'create', body: budget });
  const evict = (name: string) =>
    ({
      ...pods,
      verb: 'create',
      name,
      subresource: 'eviction',
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
    }) as const;
  const refused = await server.fails(evict('a'));
  assert.equal(refused.code, 429);
  assert.equal(refused.message, `Cannot evict pod as it would violate the pod's disruption budget.`);
  assert.equal((await server.call(evict('b'))).status, 'Success');
  assert.ok((await getPod(server, 'b')).metadata.deletionTimestamp);
});

test('an eviction takes one off its budget, and two at a time cannot both have the last one', async () => {
  const server = await createTestServer();
  for (const name of ['a', 'b', 'ill']) {
    await server.call({ ...pods, verb: 'create', body: pod(name, { labels: { app: 'x' } }) });
    await bind(server, name, 'n1');
    const conditions = [{ type: 'Ready', status: name === 'ill' ? 'False' : 'True' }];
    const patchType = 'application/merge-patch+json';
    const body = { status: { phase: 'Running', conditions } };
    await server.call({ ...pods, verb: 'patch', name, subresource: 'status', patchType, body });
  }
  const budgets = { resource: 'poddisruptionbudgets', namespace: 'default', name: 'pdb' } as const;
  const spec = { minAvailable: 1, selector: { matchLabels: { app: 'x' } } };
  const { name: _, ...collection } = budgets;
  const made = await server.call({ ...collection, verb: 'create', body: { metadata: { name: 'pdb' }, spec } });
  const evict = (name: string, query = {}) =>
    ({ ...pods, verb: 'create', name, subresource: 'eviction', body: { metadata: { name } }, query }) as const;
  const early = await server.fails(evict('a'));
  assert.equal(
    early.details?.causes?.[0]?.message,
    'The disruption budget pdb is still being processed by the server.',
  );
  assert.equal(early.details.retryAfterSeconds, 10);
  const counts = { currentHealthy: 2, desiredHealthy: 1, expectedPods: 3 };
  const status = { ...counts, disruptionsAllowed: 1, observedGeneration: made.metadata.generation };
  await server.call({ ...budgets, verb: 'update', subresource: 'status', body: { ...made, status } });
  await server.call(evict('a', { dryRun: 'All' }));
  const answers = await Promise.allSettled([server.call(evict('a')), server.call(evict('b'))]);
  assert.deepEqual(answers.map((answer) => answer.status).toSorted(), ['fulfilled', 'rejected']);
  const after = (await server.call({ ...budgets, verb: 'get' })).status as Record<string, unknown>;
  assert.equal(after.disruptionsAllowed ?? 0, 0);
  assert.equal(Object.keys(after.disruptedPods as object).length, 1);
  // There are enough healthy ones: a pod that serves nobody may go (unhealthyPodEvictionPolicy IfHealthyBudget).
  assert.equal((await server.call(evict('ill'))).status, 'Success');
});
