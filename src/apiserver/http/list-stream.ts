// A long list on its way out: made into JSON piece by piece, so that other requests are served in between and no
// text of the whole list is ever in memory. Compressed on the way for clients that accept it.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { KubernetesList, KubernetesObject } from '../../api/index.ts';
import { cutIntoPieces, type ListPieces, unkeptPieces } from './list-pieces.ts';
import { acceptsGzip } from './negotiate.ts';

/** Lists from this length on are streamed. */
export const streamedItemsMin = 500;
/** Names and values in turn. */
export const gzipHeaders: readonly string[] = ['content-encoding', 'gzip', 'vary', 'Accept-Encoding'];

/** Resolves when everything is handed to the socket, or the client has gone. */
export async function streamList(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  list: KubernetesList<KubernetesObject>,
  headers: readonly string[],
  pieces: ListPieces = unkeptPieces,
): Promise<void> {
  const zips = acceptsGzip(request);
  response.writeHead(code, zips ? [...headers, ...gzipHeaders] : [...headers]);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let out: Writable = response;
  if (zips) {
    out = createGzip({ level: constants.Z_BEST_SPEED });
    out.pipe(response);
  }
  try {
    for (const piece of partsOf(list, pieces)) {
      if (response.destroyed) break;
      if (!out.write(piece)) await once(out, 'drain', { signal: gone.signal });
      else await new Promise(setImmediate);
    }
    out.end();
  } catch (error) {
    // The client went away while it was waited for: there is nobody to tell.
    if (!gone.signal.aborted) throw error;
  } finally {
    if (response.destroyed) out.destroy();
  }
}

function* partsOf({ items, ...head }: KubernetesList<KubernetesObject>, pieces: ListPieces): Generator<Buffer> {
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`);
  let isFirst = true;
  for (const piece of cutIntoPieces(items)) {
    const bytes = pieces.json(piece);
    yield isFirst ? bytes.subarray(1) : bytes;
    isFirst = false;
  }
  yield Buffer.from(']}');
}
