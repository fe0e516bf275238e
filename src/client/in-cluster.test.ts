import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { isReason, resources } from '../api/index.ts';
import { createVirtualClock } from '../machinery/index.ts';
import { createHttpClient } from './http-client.ts';
import { KubeconfigError, loadKubeconfig } from './kubeconfig.ts';

/** A pod with a service account, and no kubeconfig anywhere. */
const pod = async (context: TestContext, files: Readonly<Record<string, string>>) => {
  const directory = await mkdtemp(join(tmpdir(), 'everynode-pod-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const put = (name: string, text: string) => writeFile(join(directory, name), text);
  for (const [name, text] of Object.entries(files)) await put(name, text);
  const clock = createVirtualClock();
  const environment = { HOME: directory, KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const load = (extra: Readonly<Record<string, string>> = {}) =>
    loadKubeconfig({ clock, environment: { ...environment, ...extra }, serviceAccount: directory });
  return { clock, put, load };
};

describe('in a pod', () => {
  test('the service account says where the API server is, who to trust, and where we live', async (t) => {
    const { load } = await pod(t, { token: 'one\n', 'ca.crt': 'CA', namespace: 'ops' });
    const { server, tls, namespace, credentials } = await load();
    assert.deepEqual(
      { server, tls, namespace },
      { server: 'https://10.96.0.1:443', tls: { ca: 'CA' }, namespace: 'ops' },
    );
    assert.deepEqual(await credentials!(), { authorization: 'Bearer one' });
  });

  test('a token that is renewed in its file is used within a minute, and at once when the old one is refused', async (t) => {
    const { clock, put, load } = await pod(t, { token: 'one' });
    const { credentials, onUnauthorized } = await load();
    const ask = async () => (await credentials!())['authorization'];
    assert.equal(await ask(), 'Bearer one');
    await put('token', 'two');
    await clock.advance(59_000);
    assert.equal(await ask(), 'Bearer one');
    await clock.advance(1_000);
    assert.equal(await ask(), 'Bearer two');
    await put('token', 'three');
    onUnauthorized!();
    assert.equal(await ask(), 'Bearer three');
  });

  test('a server that refuses the token gets the new one with the next request', async (t) => {
    const { put, load } = await pod(t, { token: 'one' });
    const server = createServer(({ headers }, response) => {
      const known = headers.authorization === 'Bearer two';
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          known
            ? { kind: 'Node', metadata: { name: 'n', uid: 'u', resourceVersion: '5' } }
            : { kind: 'Status', code: 401 },
        ),
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createHttpClient({ ...(await load()), server: url });
    t.after(async () => {
      await client.close();
      server.close();
    });
    const ask = () => client.get(resources.nodes, undefined, 'n');
    await assert.rejects(ask(), (error) => isReason(error, 'Unauthorized'));
    await put('token', 'two');
    assert.equal((await ask()).metadata.name, 'n');
  });

  test('a token that has gone is an Unauthorized, which may pass', async (t) => {
    const { clock, put, load } = await pod(t, { token: 'one' });
    const { credentials } = await load();
    await credentials!();
    await put('token', '');
    await clock.advance(60_000);
    await assert.rejects(credentials!(), (error) => isReason(error, 'Unauthorized'));
    await put('token', 'two');
    assert.deepEqual(await credentials!(), { authorization: 'Bearer two' });
  });

  test('an IPv6 address is put in brackets, and the proxy of the environment holds', async (t) => {
    const { load } = await pod(t, { token: 'one' });
    const extra = { KUBERNETES_SERVICE_HOST: 'fd00::1', HTTPS_PROXY: 'proxy:3128' };
    const { server, proxy } = await load(extra);
    assert.deepEqual([server, proxy?.href], ['https://[fd00::1]:443', 'http://proxy:3128/']);
  });

  test('without a token, or outside any pod, there is no cluster', async (t) => {
    const { load } = await pod(t, {});
    const says = (error: unknown) => error instanceof KubeconfigError && /no cluster/.test(error.message);
    await assert.rejects(load(), says);
    const other = await pod(t, { token: 'one' });
    await assert.rejects(other.load({ KUBERNETES_SERVICE_HOST: '' }), says);
  });
});
