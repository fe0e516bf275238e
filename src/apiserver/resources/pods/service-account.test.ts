import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyObject, createTestServer, pod, type TestServer } from '../../server.test-support.ts';

const inDefault = { namespace: 'default' } as const;

interface Spec {
  readonly serviceAccountName: string;
  readonly imagePullSecrets?: readonly unknown[];
  readonly containers: readonly { readonly name: string; readonly volumeMounts?: readonly unknown[] }[];
  readonly initContainers?: Spec['containers'];
  readonly volumes?: readonly { readonly name: string; readonly [field: string]: unknown }[];
}

async function created(server: TestServer, body: AnyObject): Promise<Spec> {
  return (await server.call({ verb: 'create', resource: 'pods', ...inDefault, body })).spec as Spec;
}

async function account(server: TestServer, name: string, fields: object = {}): Promise<void> {
  const body = { metadata: { name }, ...fields };
  await server.call({ verb: 'create', resource: 'serviceaccounts', ...inDefault, body });
}

test('a pod gets a token, the root certificate and its namespace mounted in every container', async () => {
  const spec = await created(
    await createTestServer(),
    pod('a', {}, { initContainers: [{ name: 'first', image: 'i' }] }),
  );
  const [volume] = spec.volumes!;
  assert.match(volume!.name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(volume!['projected'], {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  });
  const mount = { name: volume!.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  for (const container of [...spec.containers, ...spec.initContainers!])
    assert.deepEqual(container.volumeMounts, [mount], container.name);
});

test('no token where pod or account do not want it; the pod has the last word', async () => {
  const server = await createTestServer();
  await account(server, 'shy', { automountServiceAccountToken: false });
  const volumesOf = async (name: string, spec: object) => (await created(server, pod(name, {}, { ...spec }))).volumes;
  assert.equal(await volumesOf('a', { automountServiceAccountToken: false }), undefined);
  assert.equal(await volumesOf('b', { serviceAccountName: 'shy' }), undefined);
  assert.equal((await volumesOf('c', { serviceAccountName: 'shy', automountServiceAccountToken: true }))?.length, 1);
});

test('a container that has something of its own at that place keeps it', async () => {
  const volumes = [{ name: 'mine', emptyDir: {} }];
  const volumeMounts = [{ name: 'mine', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
  const containers = [{ name: 'main', image: 'i', volumeMounts }];
  const spec = await created(await createTestServer(), pod('a', {}, { containers, volumes }));
  assert.deepEqual(spec.volumes, volumes);
  assert.deepEqual(spec.containers[0]?.volumeMounts, volumeMounts);
});

test('a pod without containers is told so', async () => {
  const { fails } = await createTestServer();
  const body = { ...pod('a'), spec: {} };
  assert.match(
    (await fails({ verb: 'create', resource: 'pods', ...inDefault, body })).message,
    /spec.containers: Required/,
  );
});

test('pull secrets are those of the account, unless the pod names some', async () => {
  const server = await createTestServer();
  await account(server, 'puller', { imagePullSecrets: [{ name: 'registry' }] });
  const secretsOf = async (name: string, spec: object) =>
    (await created(server, pod(name, {}, { serviceAccountName: 'puller', ...spec }))).imagePullSecrets;
  assert.deepEqual(await secretsOf('a', {}), [{ name: 'registry' }]);
  assert.deepEqual(await secretsOf('b', { imagePullSecrets: [{ name: 'own' }] }), [{ name: 'own' }]);
});

test('a pod whose account is not there is forbidden', async () => {
  const { fails } = await createTestServer();
  const body = pod('a', {}, { serviceAccountName: 'nobody' });
  const error = await fails({ verb: 'create', resource: 'pods', ...inDefault, body });
  assert.equal(
    error.message,
    'pods "a" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
  );
  assert.equal(error.reason, 'Forbidden');
});

test('the default account of a new namespace is waited for, but not for ever', async () => {
  const { call, fails, clock } = await createTestServer();
  for (const name of ['early', 'late'])
    await call({ verb: 'create', resource: 'namespaces', body: { metadata: { name } } });
  const create = { verb: 'create', resource: 'pods', body: pod('a') } as const;
  const early = call({ ...create, namespace: 'early' });
  await clock.advance(300);
  await call({
    verb: 'create',
    resource: 'serviceaccounts',
    namespace: 'early',
    body: { metadata: { name: 'default' } },
  });
  await clock.advance(300);
  assert.equal((await early).metadata.name, 'a');
  const late = fails({ ...create, namespace: 'late' });
  await clock.advance(2000);
  assert.match((await late).message, /error looking up service account late\/default/);
});
