// An HTTP probe (kubelet's probe/http): one GET, which may be sent on within the same host; a good answer is good as soon
// as its head and the first of its body are there, however much more follows.
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpGetAction } from '../../../api/index.ts';
import type { Outcome } from './handlers.ts';
import { networkFault } from './network-fault.ts';

/** probe/http maxRespBodyLength */
const bodyBytesMax = 10 * 1024;
const redirectsMax = 10;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface HttpQuestion extends HttpGetAction {
  readonly host: string;
  readonly port: number;
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** Rejects only when the signal aborts. */
export async function askHttp(question: HttpQuestion, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const first = urlOf(question);
  let url = first;
  try {
    for (let redirected = 0; redirected <= redirectsMax; redirected++) {
      const { statusCode, location, body } = await get(url, headersOf(question), deadline);
      if (statusCode < 200 || statusCode >= 400)
        return { answer: 'failure', message: `HTTP probe failed with statuscode: ${statusCode}` };
      if (statusCode < 300) return { answer: 'success', message: body };
      const next = location === undefined || !redirects.has(statusCode) ? undefined : URL.parse(location, url.href);
      // Somebody else's word counts for nothing, neither for good nor for bad.
      if (next === undefined || next?.hostname !== first.hostname)
        return { answer: 'warning', message: `Probe terminated redirects, Response body: ${body}` };
      url = next;
    }
    return { answer: 'failure', message: `Get "${url.href}": stopped after ${redirectsMax} redirects` };
  } catch (error) {
    if (signal.aborted) throw error;
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    const why = deadline.aborted ? late : networkFault(error as Error, url.hostname, Number(url.port));
    return { answer: 'failure', message: `Get "${url.href}": ${why}` };
  }
}

function urlOf({ scheme = 'HTTP', host, port, path = '/' }: HttpQuestion): URL {
  const address = host.includes(':') ? `[${host}]` : host;
  return new URL(`${scheme.toLowerCase()}://${address}:${port}${path.startsWith('/') ? path : `/${path}`}`);
}

function headersOf({ httpHeaders = [] }: HttpQuestion): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.34', accept: '*/*', connection: 'close' };
  for (const { name, value } of httpHeaders) headers[name.toLowerCase()] = value;
  return headers;
}

async function get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // A probe asks whether it serves, not who it is.
    send(url, { headers, agent: false, signal, rejectUnauthorized: false })
      .once('response', resolve)
      // Also what comes after the answer: whoever reads the body hears of it.
      .on('error', reject)
      .end();
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= bodyBytesMax) break;
  }
  const body = Buffer.concat(chunks).toString('utf8', 0, bodyBytesMax);
  return { statusCode: response.statusCode ?? 0, location: response.headers.location, body };
}
