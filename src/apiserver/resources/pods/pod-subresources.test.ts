import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer, pod } from '../../server.test-support.ts';

const pods = { resource: 'pods', namespace: 'default', name: 'a' } as const;
const strategic = 'application/strategic-merge-patch+json';
const look = { name: 'look', image: 'busybox', targetContainerName: 'main' };

async function serverWithPod(spec: Readonly<Record<string, unknown>> = {}) {
  const server = await createTestServer();
  await server.call({ ...pods, verb: 'create', body: pod('a', {}, spec) });
  const write = (subresource: string, body: unknown) =>
    ({ ...pods, subresource, verb: 'patch', patchType: strategic, body }) as const;
  return { ...server, write };
}

test('an ephemeral container is added by its subresource, and by nothing else', async () => {
  const { call, fails, write } = await serverWithPod();
  const body = { metadata: { labels: { a: 'b' } }, spec: { hostname: 'x', ephemeralContainers: [look] } };
  const written = await call(write('ephemeralcontainers', body));
  const spec = written.spec as { readonly hostname?: string; readonly ephemeralContainers: readonly object[] };
  assert.deepEqual({ ...spec.ephemeralContainers[0] }, { ...spec.ephemeralContainers[0], ...look });
  assert.equal(spec.hostname, undefined, 'the rest of the pod is as it was');
  assert.equal(written.metadata.labels, undefined);
  assert.equal(written.metadata.generation, 2);
  const refused = await fails({ ...write('', body), subresource: undefined });
  assert.equal(refused.code, 422);
});

test('an ephemeral container stays as it is', async () => {
  const { call, fails, write } = await serverWithPod();
  await call(write('ephemeralcontainers', { spec: { ephemeralContainers: [look] } }));
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [[{ ...look, image: 'other' }], /existing ephemeral containers "look" may not be changed/],
    [[{ $patch: 'delete', name: 'look' }], /existing ephemeral containers "look" may not be removed/],
    [[{ ...look, name: 'second', targetContainerName: 'none' }], /targetContainerName: Not found: "none"/],
    [[{ ...look, name: 'main' }], /Duplicate value: "main"/],
    [[{ ...look, name: 'b', ports: [{ containerPort: 1 }] }], /\.ports: Forbidden: cannot be set for an Ephemeral/],
    [[{ ...look, name: 'b', resources: { limits: { cpu: '1' } } }], /\.resources: Forbidden: cannot be set for an/],
    [[{ ...look, name: 'b', restartPolicy: 'Always' }], /\.restartPolicy: Forbidden: cannot be set for an Ephemeral/],
  ];
  for (const [ephemeralContainers, message] of cases) {
    const refused = await fails(write('ephemeralcontainers', { spec: { ephemeralContainers } }));
    assert.match(refused.message, message);
  }
});

test('cpu and memory may be resized within the quality of service class', async () => {
  const resources = { requests: { cpu: '100m', memory: '100Mi' } };
  const { call, fails, write } = await serverWithPod({ containers: [{ name: 'main', image: 'a', resources }] });
  const resize = (over: object) => write('resize', { spec: { containers: [{ name: 'main', ...over }] } });
  const written = await call(resize({ image: 'other', resources: { requests: { cpu: '200m' } } }));
  const [container] = (written.spec as { containers: { image: string; resources: unknown }[] }).containers;
  assert.deepEqual(container!.resources, { requests: { cpu: '200m', memory: '100Mi' } });
  assert.equal(container!.image, 'a', 'a resize changes nothing else');
  const guaranteed = { requests: { cpu: '200m', memory: '100Mi' }, limits: { cpu: '200m', memory: '100Mi' } };
  const cases: readonly (readonly [object, RegExp])[] = [
    [guaranteed, /Pod QOS Class may not change as a result of resizing/],
    [
      { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } },
      /only cpu and memory resources are mutable/,
    ],
    [{ requests: { memory: null } }, /resource requests cannot be removed/],
  ];
  for (const [over, message] of cases) assert.match((await fails(resize({ resources: over }))).message, message);
});

test('a resize is refused where only a new pod will do', async (t) => {
  const resources = { requests: { cpu: '100m' } };
  const container = (name: string, more: object = {}) => ({ name, image: 'a', resources, ...more });
  const spec = {
    containers: [container('main'), container('other')],
    initContainers: [container('first'), container('sidecar', { restartPolicy: 'Always' })],
  };
  const { call, fails, respond } = await serverWithPod(spec);
  const more = { requests: { cpu: '200m' } };
  const read = await call({ ...pods, verb: 'get' });
  const sent = (change: (spec: Record<string, unknown>) => void) => {
    const body = structuredClone(read) as unknown as { spec: Record<string, unknown> };
    change(body.spec);
    return { ...pods, verb: 'update', subresource: 'resize', body } as const;
  };
  const cases: readonly (readonly [name: string, change: (spec: Record<string, unknown>) => void, RegExp])[] = [
    [
      'a container more',
      (of) => (of['containers'] as object[]).push(container('new')),
      /spec: Forbidden: only cpu and memory/,
    ],
    ['another order', (of) => (of['containers'] as object[]).reverse(), /spec: Forbidden: only cpu and memory/],
    [
      'another resize policy',
      (of) =>
        Object.assign((of['containers'] as object[])[0]!, {
          resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
        }),
      /spec: Forbidden: only cpu and memory/,
    ],
    [
      'an init container that has run',
      (of) => Object.assign((of['initContainers'] as object[])[0]!, { resources: more }),
      /initContainers\[0\]\.resources: Forbidden: resources for non-sidecar init containers are immutable/,
    ],
    [
      'more asked than allowed',
      (of) =>
        Object.assign((of['containers'] as object[])[0]!, {
          resources: { requests: { cpu: '2' }, limits: { cpu: '1' } },
        }),
      /must be less than or equal to cpu limit of 1/,
    ],
  ];
  for (const [name, change, message] of cases)
    await t.test(name, async () => assert.match((await fails(sent(change))).message, message));
  const answer = await respond(
    sent((of) => Object.assign((of['initContainers'] as object[])[1]!, { resources: more })),
  );
  assert.equal(answer.code, 200, 'a sidecar may be resized');
});

test('a pod does not begin with ephemeral containers, nor bound and gated', async () => {
  const { fails } = await createTestServer();
  const create = (spec: object) => fails({ ...pods, verb: 'create', body: pod('a', {}, { ...spec }) });
  assert.match(
    (await create({ ephemeralContainers: [look] })).message,
    /ephemeralContainers: Forbidden: cannot be set on create/,
  );
  const gated = { nodeName: 'n', schedulingGates: [{ name: 'a/b' }] };
  assert.match((await create(gated)).message, /spec.nodeName: Forbidden: cannot be set until all schedulingGates/);
});
