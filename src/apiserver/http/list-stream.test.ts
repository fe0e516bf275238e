import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import type { KubernetesList, KubernetesObject } from '../../api/index.ts';
import { configMap } from '../server.test-support.ts';
import { streamList } from './list-stream.ts';

const listOf = (length: number): KubernetesList<KubernetesObject> => ({
  kind: 'ConfigMapList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7' },
  items: Array.from({ length }, (_, index) => configMap(`m-${index}`, { text: 'x'.repeat(2_000) })),
});

async function serve(t: TestContext, list: KubernetesList<KubernetesObject>) {
  const ended: Promise<void>[] = [];
  const server: Server = createServer((incoming, response) => {
    ended.push(streamList(incoming, response, 200, list, ['content-type', 'application/json']));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ended };
}

test('in pieces it is the same list', async (t) => {
  for (const length of [0, 1, 399, 400, 401, 1_000]) {
    const list = listOf(length);
    const { url } = await serve(t, list);
    assert.deepEqual(await (await request(url)).body.json(), list, `${length}`);
  }
});

test('compressed it is the same list, and smaller', async (t) => {
  const list = listOf(1_000);
  const { url } = await serve(t, list);
  const { headers, body } = await request(url, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(headers['content-encoding'], 'gzip');
  const packed = Buffer.from(await body.arrayBuffer());
  assert.ok(packed.length < 200_000);
  assert.deepEqual(JSON.parse(gunzipSync(packed).toString()), list);
});

test('a client that goes away in the middle ends it', async (t) => {
  for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
    const { url, ended } = await serve(t, listOf(20_000));
    const { body } = await request(url, { headers });
    await once(body, 'readable');
    body.on('error', () => undefined);
    body.destroy();
    await ended[0];
  }
});

test('HEAD has no body', async (t) => {
  const { url } = await serve(t, listOf(10));
  const { statusCode, body } = await request(url, { method: 'HEAD' });
  assert.deepEqual([statusCode, await body.text()], [200, '']);
});
