// Reading a request's body: bounded in size, depth and number of values, in JSON, YAML or protobuf, no hostile keys.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../api/index.ts';
import { countFields, findDuplicateFields } from '../schema/index.ts';
import { decodeProtobuf, protobufMediaType } from '../protobuf/decode.ts';
import { bodyBytesMax, bodyDepthMax, bodyValuesMax } from './limits.ts';
import { parseYaml } from '../../machinery/index.ts';

export interface Body {
  /** Undefined when there is none. */
  readonly value: unknown;
  /** Paths of the fields that the text names twice. */
  readonly duplicates: readonly string[];
}

export const noBody: Body = { value: undefined, duplicates: [] };

export async function readBody(request: IncomingMessage): Promise<Body> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return noBody;
  const { value, text } = decode(mediaTypeOf(request), bytes);
  const fields = checkShape(value);
  const isRepeated = text !== undefined && countFields(text) !== fields;
  return { value, duplicates: isRepeated ? findDuplicateFields(text) : [] };
}

/** `application/json` of `application/json; charset=utf-8`; JSON when the header is absent. */
export function mediaTypeOf(request: IncomingMessage): string {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

/** `text` when it is JSON, which may name a field twice and still parse. */
function decode(mediaType: string, bytes: Buffer): { readonly value: unknown; readonly text?: string } {
  if (mediaType === protobufMediaType) return { value: decodeProtobuf(bytes) };
  const text = decodeText(bytes);
  // A YAML text that names a key twice does not parse at all.
  if (isYaml(mediaType)) return { value: parse(() => oneDocument(text)) };
  return { value: parse(() => JSON.parse(text) as unknown), text };
}

/** A body is one object; an empty one is nothing. */
function oneDocument(text: string): unknown {
  const documents = parseYaml(text).filter((document) => document !== null && document !== undefined);
  if (documents.length > 1) throw new Error('more than one YAML document in one body');
  return documents[0];
}

function isYaml(mediaType: string): boolean {
  // An apply patch is YAML by name, mostly JSON in fact; JSON is YAML too, but parsing it as such is slow.
  return mediaType === 'application/yaml' || mediaType === 'application/apply-patch+yaml';
}

/** With listeners: `for await` over a stream costs more than all the rest of a small body. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    const data = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= bodyBytesMax) return;
      // The rest is not read: the connection ends with the answer.
      request.off('data', data);
      request.pause();
      reject(tooLarge());
    };
    request.on('data', data);
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    request.once('error', reject);
    request.once('close', () => {
      // Making an error costs more than reading a body.
      if (!request.complete) reject(new StatusError('BadRequest', 'the request ended in the middle of its body'));
    });
  });
}

function tooLarge(): StatusError {
  return new StatusError('RequestEntityTooLarge', `limit is ${bodyBytesMax}: the request body is too large`);
}

function decodeText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new StatusError('BadRequest', 'the request body is not valid UTF-8');
  return bytes.toString('utf8');
}

function parse(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StatusError('BadRequest', `couldn't read the request body: ${why}`, undefined, { cause: error });
  }
}

/** Refuses what would make a walk over the value expensive, or its copy another prototype. Counts the fields. */
function checkShape(root: unknown): number {
  let values = 0;
  let fields = 0;
  const visit = (value: unknown, depth: number): void => {
    values += 1;
    if (values > bodyValuesMax)
      throw new StatusError('BadRequest', `the request body has more than ${bodyValuesMax} values`);
    if (typeof value !== 'object' || value === null) return;
    if (depth > bodyDepthMax)
      throw new StatusError('BadRequest', `the request body is nested more than ${bodyDepthMax} levels deep`);
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1);
      return;
    }
    for (const key of Object.keys(value)) {
      fields += 1;
      if (key === '__proto__') throw new StatusError('BadRequest', `the request body has a field named "__proto__"`);
      visit((value as Record<string, unknown>)[key], depth + 1);
    }
  };
  visit(root, 0);
  return fields;
}
