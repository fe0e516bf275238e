// Writing an answer: JSON or YAML, compressed when big, warnings as headers, errors as Status.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { StatusError } from '../../api/index.ts';
import { gzipBytesMin } from './limits.ts';
import type { Encoding } from './negotiate.ts';
import { formatYaml } from '../../machinery/index.ts';

const compress = promisify(gzip);
/** A header line should not grow without bound with what the client sent. */
const warningsMax = 20;
const warningLengthMax = 256;

export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly warnings?: readonly string[];
  readonly encoding?: Encoding;
  /** Overrides the encoding's own. */
  readonly contentType?: string;
}

export async function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const yaml = answer.encoding === 'yaml';
  const text = yaml ? formatYaml(answer.body) : JSON.stringify(answer.body);
  const contentType = answer.contentType ?? (yaml ? 'application/yaml' : 'application/json');
  const warnings = (answer.warnings ?? []).slice(0, warningsMax).map(warningHeader);
  await respondText(request, response, answer.code, text, {
    'content-type': contentType,
    ...(warnings.length === 0 ? {} : { warning: warnings }),
  });
}

export async function respondText(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  text: string | Uint8Array,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Promise<void> {
  let bytes: Uint8Array = typeof text === 'string' ? Buffer.from(text) : text;
  const all: Record<string, string | number | string[]> = {
    'cache-control': 'no-cache, private',
    ...(headers as Record<string, string | string[]>),
  };
  if (bytes.length >= gzipBytesMin && acceptsGzip(request)) {
    bytes = await compress(bytes, { level: constants.Z_BEST_SPEED });
    all['content-encoding'] = 'gzip';
    all.vary = 'Accept-Encoding';
  }
  if (response.destroyed) return;
  response.writeHead(code, { ...all, 'content-length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

export async function respondError(
  request: IncomingMessage,
  response: ServerResponse,
  error: StatusError,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { retryAfterSeconds } = error.details ?? {};
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (error.reason === 'RequestEntityTooLarge') response.setHeader('connection', 'close');
  await respond(request, response, { code: error.code, body: error.toStatus() });
}

function acceptsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding'];
  return typeof header === 'string' && /\bgzip\b/.test(header);
}

/** RFC 7234 section 5.5, code 299: `299 - "text"`. Headers carry printable ASCII only. */
function warningHeader(text: string): string {
  const safe = text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, String.raw`\$&`);
  return `299 - "${safe.slice(0, warningLengthMax)}"`;
}
