import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer, pod, type TestServer } from '../../server.test-support.ts';

const pods = { resource: 'pods', namespace: 'default' } as const;

async function withClass(fields: object): Promise<TestServer> {
  const server = await createTestServer();
  const body = { metadata: { name: 'sandboxed' }, handler: 'runsc', ...fields };
  await server.call({ verb: 'create', group: 'node.k8s.io', resource: 'runtimeclasses', body });
  return server;
}
const sandboxed = (spec: object = {}) => pod('a', {}, { runtimeClassName: 'sandboxed', ...spec });

test('a pod costs what its runtime class costs, and goes where that can be had', async () => {
  const { call } = await withClass({
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
  });
  const body = sandboxed({ nodeSelector: { disk: 'ssd' }, overhead: { cpu: '0.25' } });
  const spec = (await call({ ...pods, verb: 'create', body })).spec as Readonly<Record<string, unknown>>;
  assert.deepEqual(spec['overhead'], { cpu: '250m' });
  assert.deepEqual(spec['nodeSelector'], { disk: 'ssd', sandbox: 'yes' });
  assert.deepEqual((spec['tolerations'] as readonly unknown[]).at(-1), { key: 'sandbox', operator: 'Exists' });
});

test('a pod that contradicts its runtime class, or names none that is there, is forbidden', async () => {
  const { fails } = await withClass({ overhead: { podFixed: { cpu: '250m' } } });
  const said = async (body: object) => (await fails({ ...pods, verb: 'create', body })).message;
  assert.equal(
    await said(pod('a', {}, { runtimeClassName: 'none' })),
    'pods "a" is forbidden: pod rejected: RuntimeClass "none" not found',
  );
  assert.match(
    await said(sandboxed({ overhead: { cpu: '1' } })),
    /Pod's Overhead doesn't match RuntimeClass's defined/,
  );
  assert.match(await said(pod('a', {}, { overhead: { cpu: '1' } })), /set without corresponding RuntimeClass defined/);
  const picky = await withClass({ scheduling: { nodeSelector: { sandbox: 'yes' } } });
  const body = sandboxed({ nodeSelector: { sandbox: 'no' } });
  assert.match(
    (await picky.fails({ ...pods, verb: 'create', body })).message,
    /conflict: runtimeClass.scheduling.nodeSelector\[sandbox\] = yes; pod.spec.nodeSelector\[sandbox\] = no$/,
  );
});
