import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as ask } from 'node:http';
import { request as askSecurely } from 'node:https';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Status, StatusError } from '../../api/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { createAuthority, issueCertificate } from '../../pki/index.ts';
import { apiServerName, createKubeletApi, type KubeletApi, type PodRuntime } from './index.ts';

const now = Date.now();
const refuse = () => Promise.reject(new StatusError('NotFound', 'container not found ("c")'));

describe('what a kubelet serves', () => {
  let stop: AbortController;
  let api: KubeletApi;
  let runtime: PodRuntime;
  let asked: unknown[];
  /** Aborts when nobody reads the log any more. */
  let reading: AbortSignal | undefined;
  beforeEach(() => {
    stop = new AbortController();
    asked = [];
    runtime = {
      async logs(target, options, signal) {
        asked.push(target, options);
        reading = signal;
        return (async function* () {
          yield Buffer.from('line\n');
          if (options.follow) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        })();
      },
      exec: refuse,
      attach: refuse,
      portForward: refuse,
    };
    const context = { clock: createVirtualClock(now), log: silentLogger, signal: stop.signal };
    api = createKubeletApi({ runtime, ...context });
  });
  afterEach(async () => {
    stop.abort();
    await api.stopped;
  });

  const get = async (path: string) => {
    const request = ask({ createConnection: () => api.connect(), path, host: 'node' }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { code: response.statusCode, text: await text(response) };
  };
  const messageOf = (body: string) => (JSON.parse(body) as Status).message;

  test('logs, with the options of the URL', async () => {
    const path =
      '/containerLogs/ns/p/c?follow=false&tailLines=3&sinceSeconds=10&timestamps=true&stream=Stderr&limitBytes=9';
    assert.deepEqual(await get(path), { code: 200, text: 'line\n' });
    assert.deepEqual(asked, [
      { namespace: 'ns', pod: 'p', container: 'c' },
      {
        follow: false,
        previous: false,
        timestamps: true,
        stream: 'Stderr',
        sinceMs: now - 10_000,
        tailLines: 3,
        limitBytes: 9,
      },
    ]);
  });

  test('a reader that leaves ends the reading; so does the end of the agent', async () => {
    const path = '/containerLogs/ns/p/c?follow=true';
    for (const leave of [(request: { destroy(): void }) => request.destroy(), () => stop.abort()]) {
      const request = ask({ createConnection: () => api.connect(), path, host: 'node' }).end();
      request.on('error', () => undefined);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.on('error', () => undefined);
      await once(response, 'data');
      leave(request);
      const signal = reading!;
      if (!signal.aborted) await once(signal, 'abort');
    }
  });

  const refusals: readonly [string, number, RegExp][] = [
    ['/containerLogs/ns/p', 404, /could not find/],
    ['/nothing/ns/p/c', 404, /could not find/],
    ['/exec/ns/p/c?command=ls&output=1', 400, /Upgrade request required/],
    ['/containerLogs/ns/p/c?tailLines=x', 400, /tailLines is not a number/],
    ['/containerLogs/ns/p/c?sinceTime=yesterday', 400, /sinceTime is not a time/],
  ];
  for (const [path, code, words] of refusals)
    test(`refuses ${path}`, async () => {
      const answer = await get(path);
      assert.equal(answer.code, code);
      assert.match(messageOf(answer.text) ?? '', words);
    });

  test('an upgrade that is refused is answered in HTTP', async () => {
    const upgrade = async (path: string) => {
      const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
      const request = ask({ createConnection: () => api.connect(), path, host: 'node', method: 'POST', headers }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return `${response.statusCode} ${messageOf(await text(response))}`;
    };
    assert.equal(await upgrade('/exec/ns/p/c?command=ls&output=1'), '404 container not found ("c")');
    assert.equal(await upgrade('/exec/ns/p/c?output=1'), '400 you must specify at least one command');
    assert.equal(await upgrade('/attach/ns/p/c'), '400 you must specify at least 1 of stdin, stdout, stderr');
  });

  test('nobody but the API server gets in', async () => {
    const authority = await createAuthority('cluster', now);
    const other = await createAuthority('other', now);
    const issue = (by: typeof authority, commonName: string) =>
      issueCertificate(by, { usage: 'client', commonName }, now);
    const serving = await issueCertificate(authority, { usage: 'server', commonName: 'n', hosts: ['worker-1'] }, now);
    const port = await api.listen({ ...serving, clientAuthority: authority.certificate });
    const get = async (client: typeof authority | undefined, servername = 'worker-1') => {
      const keys = client === undefined ? {} : { cert: client.certificate, key: client.key };
      const options = { host: '127.0.0.1', port, servername, ca: authority.certificate, agent: false, ...keys };
      const request = askSecurely({ ...options, path: '/containerLogs/ns/p/c' }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return text(response);
    };
    assert.equal(await get(await issue(authority, apiServerName)), 'line\n');
    const node = await issue(authority, 'system:node:worker-2');
    assert.match(await get(node), /this node answers the API server only/);
    await assert.rejects(get(await issue(other, apiServerName)));
    await assert.rejects(get(undefined));
    // Whoever dials knows whom it wants.
    await assert.rejects(get(await issue(authority, apiServerName), 'worker-2'));
    assert.equal(asked.length, 2, 'the runtime was asked once');
  });

  test('a WebSocket of unknown protocols is told which are known', async () => {
    const url = new URL('http://127.0.0.1:9/');
    runtime.exec = async () => ({ url, ended: stop.signal });
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'channel.k8s.io',
    };
    const path = '/exec/ns/p/c?command=ls&output=1';
    const request = ask({ createConnection: (): Duplex => api.connect(), path, host: 'node', headers }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.match(messageOf(await text(response)) ?? '', /v5\.channel\.k8s\.io, v4\.channel\.k8s\.io are/);
  });
});
