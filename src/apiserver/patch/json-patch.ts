// JSON patch, RFC 6902, by the library rfc6902: the only module that knows it. The library changes its target in place,
// so it gets a copy.
import { applyPatch as applyOperations, type Operation } from 'rfc6902';
import { StatusError } from '../../api/index.ts';
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { sameJson } from '../same-json.ts';
import { badPatch, cannotUnmarshal, unfitPatch } from './errors.ts';

/** Kubernetes' own limit. */
export const jsonPatchOperationsMax = 10_000;
/** Copies can double a document each time; what they copy, as JSON, may not exceed this in sum (the body limit). */
export const jsonPatchCopiedCharactersMax = 3 * 1024 * 1024;

const kinds = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/** Throws StatusError: BadRequest for what is no patch, Invalid when an operation fails (a test, a missing path). */
export function jsonPatch(target: JsonObject, patch: unknown): unknown {
  const operations = readOperations(patch);
  const document: unknown = structuredClone(target);
  let copied = 0;
  for (const operation of operations) {
    requirePaths(document, operation);
    if (operation.op === 'copy') {
      copied += JSON.stringify(lookUp(document, tokensOf(operation.from))).length;
      if (copied > jsonPatchCopiedCharactersMax) throw tooLarge('the values that the JSON patch copies are too large');
    }
    // Compared here: the library would turn what differs into a text, which an object with a `toString` cannot be.
    if (operation.op === 'test') {
      if (!sameJson(lookUp(document, tokensOf(operation.path)), operation.value))
        throw unfitPatch(`testing value ${operation.path} failed: test failed`);
      continue;
    }
    const [error] = applyOperations(document, [operation]);
    if (error !== null && error !== undefined)
      throw unfitPatch(`${operation.op} operation does not apply: ${error.message}`);
  }
  return document;
}

/**
 * The library follows inherited properties (`toString`, a list's `length`) and skips `__proto__` and its like: what it
 * is given has been looked up here among own properties first.
 */
function requirePaths(document: unknown, operation: Operation): void {
  const path = tokensOf(operation.path);
  const needed =
    operation.op === 'add' || operation.op === 'copy' || operation.op === 'move' ? path.slice(0, -1) : path;
  const found = lookUp(document, needed);
  const isThere = needed === path || path.length === 0 ? found !== undefined : isContainer(found);
  if (!isThere || path.some((token) => unsafeTokens.has(token)))
    throw unfitPatch(`${operation.op} operation does not apply: doc is missing path: ${operation.path}`);
  if (operation.op !== 'copy' && operation.op !== 'move') return;
  if (lookUp(document, tokensOf(operation.from)) === undefined)
    throw unfitPatch(`${operation.op} operation does not apply: doc is missing from path: ${operation.from}`);
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const unsafeTokens: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const index = /^(0|[1-9]\d*)$/;

function tokensOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lookUp(document: unknown, tokens: readonly string[]): unknown {
  let value = document;
  for (const token of tokens) {
    if (Array.isArray(value)) value = index.test(token) ? (value as readonly unknown[])[Number(token)] : undefined;
    else if (isObject(value) && !unsafeTokens.has(token)) value = own(value, token);
    else return undefined;
  }
  return value;
}

function readOperations(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) throw badPatch(cannotUnmarshal(patch, '[]handlers.jsonPatchOp'));
  if (patch.length > jsonPatchOperationsMax)
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${patch.length}`);
  for (const operation of patch as readonly unknown[]) {
    if (!isObject(operation)) throw badPatch('error decoding patch: every operation is an object');
    const { op, path, from } = operation;
    if (typeof op !== 'string' || !kinds.has(op))
      throw unfitPatch(`Unexpected kind: ${JSON.stringify(op) ?? 'unknown'}`);
    if (!isPointer(path)) throw unfitPatch(`${op} needs a path that starts with '/'`);
    if ((op === 'move' || op === 'copy') && !isPointer(from))
      throw unfitPatch(`${op} needs a from that starts with '/'`);
  }
  return patch as readonly Operation[];
}

function isPointer(value: unknown): value is string {
  return typeof value === 'string' && (value === '' || value.startsWith('/'));
}

function tooLarge(message: string): StatusError {
  return new StatusError('RequestEntityTooLarge', message);
}
