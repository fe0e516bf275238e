// An API server over real TLS that is asked terrible things. Whatever comes, it answers with a code below 500 (a Status
// when it refuses), in bounded size, and a refusal leaves the store as it was.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { listenApiServer } from '../../../src/apiserver/http/listen.ts';
import type { ResourceDefinition } from '../../../src/apiserver/resources/definition.ts';
import { createTestServer } from '../../../src/apiserver/server.test-support.ts';
import { type Logger, silentLogger } from '../../../src/observe/index.ts';
import { createAuthority, issueCertificate } from '../../../src/pki/index.ts';
import { corpus } from './corpus.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: Buffer;
  /** Answered for ever: only the head is read. */
  readonly isWatch?: boolean;
}

export interface Answer {
  readonly code: number;
  readonly text: string;
}

export interface Api {
  definitions(): readonly ResourceDefinition[];
  /** Sends it and throws when the answer is none that may be given. */
  check(asked: Asked): Promise<Answer>;
  close(): Promise<void>;
}

/** What comes back is at most what was sent, and some; lists hold a few hundred objects. */
const answerBytesMax = 64 * 1024 * 1024;
const shownBytes = 600;

/** With one object of each kind of the corpus in it. */
export async function openApi(): Promise<Api> {
  const now = Date.now();
  const authority = await createAuthority('fuzz', now);
  const serving = await issueCertificate(authority, { usage: 'server', commonName: 'x', hosts: ['127.0.0.1'] }, now);
  const backend = await createTestServer();
  let lastError: Error | undefined;
  const log: Logger = { ...silentLogger, error: (_message, fields) => (lastError = fields?.['error'] as Error) };
  const listener = await listenApiServer(backend.server, {
    log,
    port: 0,
    tls: { ...serving, clientAuthority: authority.certificate },
    tokens: new Map([['admin', { name: 'admin', groups: ['system:masters'] }]]),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 2, ca: authority.certificate });
  const send = sender(agent, listener.port);
  const definitions = () => backend.server.resources.all();
  await backend.call({ verb: 'create', resource: 'namespaces', body: { metadata: { name: 'fuzz' } } });
  // Time passes, twice as fast: a pod waits a moment for the account of its namespace, which may have been deleted.
  const time = setInterval(() => void backend.clock.advance(100), 50);
  for (const object of corpus) await send(created(object, definitions()));
  return {
    definitions,
    async check(asked) {
      const body = asked.body?.toString('latin1').slice(0, shownBytes) ?? '';
      const shown = `${asked.method} ${asked.path.slice(0, shownBytes)} ${asked.type ?? ''}\n${body}`;
      lastError = undefined;
      const before = await backend.store.revision();
      const { code, text } = await send(asked);
      const logged = (lastError as Error | undefined)?.stack ?? '';
      // Upstream's own answer to a version of the future.
      const isOfTheFuture = code === 504 && text.includes('ResourceVersionTooLarge');
      assert.ok(
        (code >= 200 && code < 500) || isOfTheFuture,
        `${code} for ${shown}\n${text.slice(0, shownBytes)}\n${logged}`,
      );
      assert.ok(text.length < answerBytesMax, `${text.length} bytes for ${shown}`);
      if (code < 400) return { code, text };
      // 431 and the like are Node's own, before there is a request.
      if (text !== '') {
        const status = JSON.parse(text) as { kind?: string; code?: number };
        assert.equal(status.kind, 'Status', shown);
        assert.equal(status.code, code, shown);
      }
      assert.equal(await backend.store.revision(), before, `refused with ${code}, yet something was written: ${shown}`);
      return { code, text };
    },
    async close() {
      clearInterval(time);
      agent.destroy();
      await listener.close();
      await backend.server.close();
    },
  };
}

export function rootOf({ group, version }: ResourceDefinition): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Something to change. A custom resource comes after its definition. */
function created(object: Readonly<Record<string, unknown>>, definitions: readonly ResourceDefinition[]): Asked {
  const definition = definitions.find(({ kind }) => kind === object['kind']);
  const collection =
    definition === undefined
      ? '/apis/fuzz.example/v1/namespaces/default/things'
      : `${rootOf(definition)}${definition.namespaced ? '/namespaces/default' : ''}/${definition.name}`;
  return { method: 'POST', path: collection, type: 'application/json', body: Buffer.from(JSON.stringify(object)) };
}

type Send = (asked: Asked) => Promise<Answer>;

const sender =
  (agent: Agent, port: number): Send =>
  async ({ method, path, type, body, isWatch }) => {
    const headers = {
      authorization: 'Bearer admin',
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(body === undefined ? {} : { 'content-length': body.length }),
    };
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const code = answer.statusCode ?? 0;
    if (isWatch === true && code < 400) {
      answer.destroy();
      return { code, text: '' };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    return { code, text: Buffer.concat(chunks).toString('utf8') };
  };
