// Writing an answer: JSON or YAML, compressed when big, warnings as headers, errors as Status.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { KubernetesList, KubernetesObject, StatusError } from '../../api/index.ts';
import { gzipBytesMin } from './limits.ts';
import type { ListPieces } from './list-pieces.ts';
import { gzipHeaders, streamedItemsMin, streamList } from './list-stream.ts';
import { acceptsGzip, type Encoding, wantsPretty } from './negotiate.ts';
import { formatYaml } from '../../machinery/index.ts';

const compress = promisify(gzip);
/** Headers should not grow without bound with what the client sent (endpoints/filters/warning.go). */
const warningsLengthMax = 4 * 1024;
/** Where all together are longer than that, each is cut to so much, and the last are left out. */
const warningLengthMax = 256;

export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly warnings?: readonly string[] | undefined;
  readonly encoding?: Encoding;
  /** Overrides the encoding's own. */
  readonly contentType?: string;
  /** Where long lists of stored objects are kept. */
  readonly pieces?: ListPieces | undefined;
}

export function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const yaml = answer.encoding === 'yaml';
  const list = yaml ? undefined : longList(answer.body);
  const warnings = answer.warnings === undefined ? [] : boundedWarnings(answer.warnings).map(warningHeader);
  if (list !== undefined) {
    const headers = headersOf('application/json', warnings);
    return streamList(request, response, answer.code, list, headers, answer.pieces);
  }
  const indent = yaml || !wantsPretty(request) ? undefined : 2;
  const text = yaml ? formatYaml(answer.body) : JSON.stringify(answer.body, undefined, indent);
  const contentType = answer.contentType ?? (yaml ? 'application/yaml' : 'application/json');
  return respondText(request, response, answer.code, text, contentType, warnings);
}

function longList(body: unknown): KubernetesList<KubernetesObject> | undefined {
  const { items } = body as { readonly items?: unknown };
  return Array.isArray(items) && items.length >= streamedItemsMin
    ? (body as KubernetesList<KubernetesObject>)
    : undefined;
}

export async function respondText(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  text: string | Uint8Array,
  contentType: string,
  warnings: readonly string[] = [],
): Promise<void> {
  const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
  const headers = headersOf(contentType, warnings);
  if (length >= gzipBytesMin && acceptsGzip(request)) {
    const packed = await compress(text, { level: constants.Z_BEST_SPEED });
    headers.push(...gzipHeaders);
    send(request, response, code, packed, packed.length, headers);
  } else {
    send(request, response, code, text, length, headers);
  }
}

/** Names and values in turn: of a list Node makes no second one. */
function headersOf(contentType: string, warnings: readonly string[]): string[] {
  const headers = ['cache-control', 'no-cache, private', 'content-type', contentType];
  for (const warning of warnings) headers.push('warning', warning);
  return headers;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  content: string | Uint8Array,
  length: number,
  headers: string[],
): void {
  if (response.destroyed) return;
  headers.push('content-length', String(length));
  response.writeHead(code, headers);
  // A text goes out in one write with the headers; bytes would need a second.
  response.end(request.method === 'HEAD' ? undefined : content);
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

/** Each once. */
function boundedWarnings(texts: readonly string[]): readonly string[] {
  const warnings = [...new Set(texts)];
  const lengthOf = (some: readonly string[]) => some.reduce((sum, { length }) => sum + length, 0);
  if (lengthOf(warnings) <= warningsLengthMax) return warnings;
  const cut = warnings.slice(0, warningsLengthMax).map((text) => text.slice(0, warningLengthMax));
  let left = warningsLengthMax;
  return cut.filter(({ length }) => (left -= length) >= 0);
}

/** RFC 7234 section 5.5, code 299: `299 - "text"`. Headers carry printable ASCII only. */
function warningHeader(text: string): string {
  const safe = text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, String.raw`\$&`);
  return `299 - "${safe}"`;
}
