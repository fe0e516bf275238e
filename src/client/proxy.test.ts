import assert from 'node:assert/strict';
import { createServer as createProxy, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { isReason, resources, type StatusError } from '../api/index.ts';
import { createAuthority, issueCertificate } from '../pki/index.ts';
import type { TlsOptions } from './connector.ts';
import { createHttpClient } from './http-client.ts';
import { type Environment, proxyFor } from './proxy.ts';

describe('which proxy', () => {
  const https = 'https://api.example.com:6443';
  const proxy = { HTTPS_PROXY: 'http://p:3128' };
  const cases: readonly [string, string, Environment, string | undefined][] = [
    ['none without one', https, {}, undefined],
    ['the one for HTTPS', https, proxy, 'http://p:3128/'],
    ['also in small letters', https, { https_proxy: 'p:3128' }, 'http://p:3128/'],
    ['not the one for HTTP', https, { HTTP_PROXY: 'http://p:1' }, undefined],
    ['the one for HTTP', 'http://api.example.com', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['never for loopback', 'https://127.0.0.1:6443', proxy, undefined],
    ['never for localhost', 'https://localhost:6443', proxy, undefined],
    ['not when everything is exempt', https, { ...proxy, NO_PROXY: '*' }, undefined],
    ['not for a name', https, { ...proxy, NO_PROXY: 'a.b, api.example.com' }, undefined],
    ['not for a domain', https, { ...proxy, NO_PROXY: '.example.com' }, undefined],
    ['not for what is below a name', https, { ...proxy, no_proxy: 'example.com' }, undefined],
    ['for what only ends alike', https, { ...proxy, NO_PROXY: 'ample.com' }, 'http://p:3128/'],
    [
      'for the domain itself when a dot leads',
      'https://example.com',
      { ...proxy, NO_PROXY: '.example.com' },
      'http://p:3128/',
    ],
    ['not for its port', https, { ...proxy, NO_PROXY: 'api.example.com:6443' }, undefined],
    ['for another port', https, { ...proxy, NO_PROXY: 'api.example.com:443' }, 'http://p:3128/'],
    ['not for an address', 'https://10.96.0.1', { ...proxy, NO_PROXY: '10.96.0.1' }, undefined],
    ['not within a range', 'https://10.96.0.1', { ...proxy, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['outside of a range', 'https://11.96.0.1', { ...proxy, NO_PROXY: '10.0.0.0/8' }, 'http://p:3128/'],
    ['not within a range of IPv6', 'https://[fd00::1]', { ...proxy, NO_PROXY: 'fd00::/8' }, undefined],
    ['not for an address of IPv6', 'https://[fd00::1]', { ...proxy, NO_PROXY: 'fd00::1' }, undefined],
  ];
  for (const [name, server, environment, expected] of cases)
    test(name, () => assert.equal(proxyFor(new URL(server), undefined, environment)?.href, expected));

  test('one of another kind is refused, without its password', () => {
    assert.throws(
      () => proxyFor(new URL(https), 'socks4://me:secret@p:1080', {}),
      (error: Error) => /socks4:\/\/p:1080/.test(error.message) && !/secret/.test(error.message),
    );
  });
});

describe('through a proxy', () => {
  /** An API server that says who asked, behind a proxy that counts its tunnels. */
  const scene = async (context: TestContext, refuse?: number) => {
    const authority = await createAuthority('test-ca', Date.now());
    const own = await issueCertificate(
      authority,
      { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] },
      Date.now(),
    );
    const tls = { cert: own.certificate, key: own.key, ca: authority.certificate, requestCert: true };
    const api = createServer({ ...tls, rejectUnauthorized: false }, (request, response) => {
      const user = (request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody';
      // No connection outlives its answer, so that each request makes a new one.
      const metadata = { name: 'n', uid: user, resourceVersion: '1', creationTimestamp: '' };
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ kind: 'Node', metadata }));
    });
    const tunnels: IncomingMessage[] = [];
    const sockets = new Set<Socket>();
    const proxy = createProxy();
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push(request);
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (refuse !== undefined) {
        socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
        return;
      }
      const [host, port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
    });
    const client = await issueCertificate(authority, { usage: 'client', commonName: 'first' }, Date.now());
    const second = await issueCertificate(authority, { usage: 'client', commonName: 'second' }, Date.now());
    context.after(() => {
      for (const socket of sockets) socket.destroy();
      api.closeAllConnections();
      api.close();
      proxy.close();
    });
    const identity = ({ certificate, key }: typeof client): TlsOptions => ({
      ca: authority.certificate,
      certificate,
      key,
    });
    const port = async (server: Server) => {
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      return (server.address() as AddressInfo).port;
    };
    return {
      server: `https://127.0.0.1:${await port(api)}`,
      proxy: new URL(`http://me:s3cret@127.0.0.1:${await port(proxy)}`),
      tunnels,
      first: identity(client),
      second: identity(second),
    };
  };

  test('requests reach the API server by CONNECT, with our certificate, and the proxy gets its own credentials', async (t) => {
    const { server, proxy, tunnels, first } = await scene(t);
    const client = createHttpClient({ server, proxy, tls: first });
    t.after(() => client.close());
    assert.equal((await client.get(resources.nodes, undefined, 'n')).metadata.uid, 'first');
    assert.equal(tunnels[0]?.url, new URL(server).host);
    const credentials = Buffer.from('me:s3cret').toString('base64');
    assert.equal(tunnels[0]?.headers['proxy-authorization'], `Basic ${credentials}`);
  });

  test('a certificate that was renewed is used from the next connection on', async (t) => {
    const { server, proxy, first, second } = await scene(t);
    let current = first;
    const client = createHttpClient({ server, proxy, tls: () => current });
    t.after(() => client.close());
    const ask = async () => (await client.get(resources.nodes, undefined, 'n')).metadata.uid;
    assert.deepEqual([await ask(), await ask()], ['first', 'first']);
    current = second;
    assert.equal(await ask(), 'second');
  });

  test('a proxy that refuses is named, with its answer and without its password', async (t) => {
    const { server, proxy, first } = await scene(t, 407);
    const client = createHttpClient({ server, proxy, tls: first });
    t.after(() => client.close());
    const error = await client.get(resources.nodes, undefined, 'n').then(
      () => assert.fail('it succeeded'),
      (failure: unknown) => failure as StatusError,
    );
    assert.ok(isReason(error, 'ServiceUnavailable'));
    assert.match(error.message, /proxy 127\.0\.0\.1:\d+: it refused to connect to .*: 407/);
    assert.doesNotMatch(error.message, /s3cret/);
  });
});
