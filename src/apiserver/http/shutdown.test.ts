// A stop in the middle of everything: what was begun is finished, watches end cleanly, nothing new begins.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createAuthority, issueCertificate } from '../../pki/index.ts';
import { configMap, createTestServer } from '../server.test-support.ts';
import { listenApiServer } from './listen.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const head = (line: string, more = '') => `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\n${more}\r\n`;

interface Reading {
  readonly socket: TLSSocket;
  readonly text: () => string;
  readonly closed: Promise<unknown>;
}

function reading(socket: TLSSocket): Reading {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  return { socket, text: () => text, closed: once(socket, 'close') };
}

test('requests that are under way are answered, watches end cleanly, new requests are sent away', async (t) => {
  const now = Date.now();
  const authority = await createAuthority('test', now);
  const ca = authority.certificate;
  const serving = await issueCertificate(authority, { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] }, now);
  const backend = await createTestServer();
  const listener = await listenApiServer(backend.server, {
    port: 0,
    tls: { ...serving, clientAuthority: ca },
    tokens: new Map([['admin', { name: 'admin', groups: ['system:masters'] }]]),
  });
  const open = async (first: string) => {
    const socket = connect({ host: '127.0.0.1', port: listener.port, ca });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(first);
    return socket;
  };
  const text = 'x'.repeat(100_000);
  for (let index = 0; index < 600; index++) {
    const body = configMap(`m${index}`, index % 3 === 0 ? { text } : {});
    await backend.call({ verb: 'create', resource: 'configmaps', namespace: 'default', body });
  }

  const watch = reading(await open(head(`GET /api/v1/namespaces?watch=true`)));
  await once(watch.socket, 'data');
  const body = JSON.stringify(configMap('late'));
  const length = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  const upload = reading(await open(`${head(`POST ${maps}`, length)}${body.slice(0, 20)}`));
  const list = await open(head(`GET ${maps}`));
  list.pause();
  await once(list, 'readable');
  const idle = await open(head('GET /version'));
  await once(idle, 'data');
  const keptAlive = await open(`${head('GET /version')}GET ${maps}/m1 HTTP/1.1\r\nhost: x\r\n`);
  await once(keptAlive, 'data');

  const stopped = listener.close();
  await watch.closed;
  assert.match(watch.text(), /\r\n0\r\n\r\n$/, 'its last chunk says that it was the last');
  const late = reading(keptAlive);
  keptAlive.write('authorization: Bearer admin\r\n\r\n');
  await once(keptAlive, 'data');
  assert.match(late.text(), /^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*the API server is shutting down/i);
  upload.socket.write(body.slice(20));
  await once(upload.socket, 'data');
  assert.match(upload.text(), /^HTTP\/1\.1 201 /);
  const all = reading(list);
  await Promise.all([stopped, all.closed]);
  assert.match(all.text(), /\]\}\r\n0\r\n\r\n$/, 'the whole list came');
  assert.equal((await backend.store.get('configmaps/default/late'))?.value['kind'], 'ConfigMap');
  await assert.rejects(backend.call({ verb: 'list', resource: 'configmaps' }), /shutting down/);
});
