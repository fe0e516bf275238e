// A small HTTP server for those who watch over this process: /metrics, /healthz, /readyz. Plain HTTP, GET only, and
// nothing in the answers that is not meant for everybody who reaches the port.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** An import would evaluate every name of the module, and load Node's own undici for one of them: 14 MB. */
const { createServer } = process.getBuiltinModule('node:http');

export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly body: string;
}

/** By path. */
export type Endpoints = Readonly<Record<string, () => Answer | Promise<Answer>>>;

export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

export interface EndpointServer {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  close(): Promise<void>;
}

/** Named checks; each says what is wrong in words, or nothing. */
export type Checks = Readonly<Record<string, () => string | undefined>>;

const requestMsMax = 10_000;
const headerBytesMax = 8 * 1024;
const connectionsMax = 64;

/** `host:port`, `:port` (every address), `[::1]:port`, or a port alone. Undefined when it is none of these. */
export function parseBindAddress(text: string): BindAddress | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return undefined;
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { host: host === '' ? '::' : host, port };
}

export function metricsEndpoint(metrics: Metrics): Endpoints {
  return {
    '/metrics': async () => ({ code: 200, contentType: metrics.contentType, body: await metrics.text() }),
  };
}

/** As kube-controller-manager answers: `ok`, or 500 with one line a check. */
export function healthEndpoints(checks: { readonly healthy: Checks; readonly ready: Checks }): Endpoints {
  return {
    '/healthz': () => verdict(checks.healthy),
    '/livez': () => verdict(checks.healthy),
    '/readyz': () => verdict(checks.ready),
  };
}

function verdict(checks: Checks): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const contentType = 'text/plain; charset=utf-8';
  if (results.every(({ problem }) => problem === undefined)) return { code: 200, contentType, body: 'ok' };
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  return { code: 500, contentType, body: `${lines.join('\n')}\n` };
}

/** Rejects with Node's own error when the address cannot be had. */
export async function serveEndpoints({ host, port }: BindAddress, endpoints: Endpoints): Promise<EndpointServer> {
  const server = createServer(
    { requestTimeout: requestMsMax, maxHeaderSize: headerBytesMax },
    (request, response) => void answer(endpoints, request, response),
  );
  server.maxConnections = connectionsMax;
  await listen(server, host, port);
  const { address, family, port: actual } = server.address() as AddressInfo;
  const shown = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${shown}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const attempt = (at: string) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, at, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await attempt(host);
  } catch (error) {
    // Every address, on a machine without IPv6.
    if (host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    await attempt('0.0.0.0');
  }
}

async function answer(endpoints: Endpoints, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { code, contentType, body } = await look(endpoints, request);
  response.writeHead(code, { 'content-type': contentType, 'x-content-type-options': 'nosniff' });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function look(endpoints: Endpoints, { method, url = '/' }: IncomingMessage): Promise<Answer> {
  const contentType = 'text/plain; charset=utf-8';
  const path = url.split('?')[0]!;
  if (!Object.hasOwn(endpoints, path)) return { code: 404, contentType, body: 'not found\n' };
  if (method !== 'GET' && method !== 'HEAD') return { code: 405, contentType, body: 'only GET\n' };
  try {
    return await endpoints[path]!();
  } catch (error) {
    return { code: 500, contentType, body: `${error instanceof Error ? error.message : String(error)}\n` };
  }
}
