// Through which proxy the API server is reached, and a way through it: kubeconfig's proxy-url, else the environment as
// Go's programs read it (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, also in small letters). HTTP proxies by CONNECT, SOCKS5 ones by
// socks.ts.
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { openSocksTunnel } from './socks.ts';

/** An import would evaluate every name of the module, and load Node's own undici for one of them: 14 MB. */
const { request: httpRequest } = process.getBuiltinModule('node:http');

const protocols: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

export type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: reached directly. Throws an Error for what is no proxy that we can use. */
export function proxyFor(server: URL, configured: string | undefined, environment: Environment): URL | undefined {
  const text = configured ?? fromEnvironment(server, environment);
  if (text === undefined || text === '') return undefined;
  // As Go has it, a scheme may be left out.
  const withScheme = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || !protocols.has(url.protocol))
    throw new Error(`the proxy '${withoutPassword(text)}' is neither http://, https:// nor socks5://`);
  return url;
}

function fromEnvironment(server: URL, environment: Environment): string | undefined {
  const read = (name: string) => environment[name] ?? environment[name.toLowerCase()];
  const proxy = read(server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === undefined || proxy === '' || isExempt(server, read('NO_PROXY') ?? '')) return undefined;
  return proxy;
}

/** golang.org/x/net/http/httpproxy: loopback never, then names, domains (`.a` or `a`), addresses, ranges, `*`, with ports. */
function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  if (host === 'localhost' || isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(entry, host);
  const [, name = entry, wantedPort] = /^(.*?|\[.*\])(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return bare === host;
  const domain = bare.replace(/^\*?\./, '');
  const isSubdomain = host.endsWith(`.${domain}`);
  // A leading dot leaves the domain itself out.
  return isSubdomain || (host === domain && domain === bare);
}

function inRange(range: string, host: string): boolean {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(host);
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}

function isLoopback(host: string): boolean {
  return inRange('127.0.0.0/8', host) || host === '::1';
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//');
}

/** A connection to `host:port` through the proxy. The error of a proxy that refuses carries its answer. */
export async function openTunnel(proxy: URL, host: string, port: number, msMax: number): Promise<Socket> {
  try {
    return await (proxy.protocol.startsWith('socks')
      ? openSocksTunnel(proxy, host, port, msMax)
      : openHttpTunnel(proxy, host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, msMax));
  } catch (error) {
    throw new Error(`proxy ${proxy.host}: ${(error as Error).message}`, { cause: error });
  }
}

function openHttpTunnel(proxy: URL, target: string, msMax: number): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const sent = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization },
      agent: false,
      timeout: msMax,
    });
    sent.once('connect', ({ statusCode, statusMessage = '' }, socket: Socket) => {
      socket.setTimeout(0);
      if (statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`it refused to connect to ${target}: ${statusCode} ${statusMessage}`));
      }
    });
    // A proxy that answers CONNECT like any other request is none.
    sent.once('response', ({ statusCode }) => {
      sent.destroy();
      reject(new Error(`it refused to connect to ${target}: ${statusCode}`));
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${msMax} ms`)));
    sent.once('error', reject);
    sent.end();
  });
}
