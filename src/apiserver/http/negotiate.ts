// Content negotiation: which of the shapes that this server can answer in the client wants most.
import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../api/index.ts';
import { protobufMediaType } from '../protobuf/decode.ts';
import type { PatchContentType } from '../request.ts';
import { mediaTypeOf } from './body.ts';

export type Encoding = 'json' | 'yaml';
/** Table and PartialObjectMetadata are server-side projections of the object (meta.k8s.io/v1). */
export type Shape = 'object' | 'table' | 'metadata';

export interface Wanted {
  readonly encoding: Encoding;
  readonly shape: Shape;
}

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const encodings: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/*': 'json',
  '*/*': 'json',
};
const shapes: Readonly<Record<string, Shape>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};
const patchTypes: readonly PatchContentType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const plain: Wanted = { encoding: 'json', shape: 'object' };

/** The first acceptable entry of the Accept header counts, as clients of Kubernetes order them. */
export function negotiate(request: IncomingMessage): Wanted {
  const { accept } = request.headers;
  if (accept === undefined || accept === 'application/json') return plain;
  for (const { type, parameters } of rangesOf(request)) {
    const encoding = Object.hasOwn(encodings, type) ? encodings[type] : undefined;
    if (encoding === undefined) continue;
    const as = parameters.get('as');
    if (as === undefined) return { encoding, shape: 'object' };
    const known = parameters.get('g') === 'meta.k8s.io' && parameters.get('v') === 'v1' && Object.hasOwn(shapes, as);
    if (known) return { encoding, shape: shapes[as]! };
  }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

/** The version of aggregated discovery that the client takes; undefined: the plain form. */
export function negotiateDiscovery(request: IncomingMessage): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of rangesOf(request)) {
    if (type !== 'application/json') continue;
    if (parameters.get('as') !== 'APIGroupDiscoveryList') return undefined;
    const version = parameters.get('v');
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}

export function patchTypeOf(request: IncomingMessage): PatchContentType {
  const found = patchTypes.find((type) => type === mediaTypeOf(request));
  if (found !== undefined) return found;
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${patchTypes.join(', ')}`,
  );
}

/** Bodies of other writes. kubectl 1.32 and newer creates in protobuf. */
const bodyTypes: readonly string[] = ['application/json', 'application/yaml', protobufMediaType];

export function requireKnownBody(request: IncomingMessage): void {
  if (bodyTypes.includes(mediaTypeOf(request))) return;
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${bodyTypes.join(', ')}`,
  );
}

export function acceptsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding'];
  return typeof header === 'string' && /\bgzip\b/.test(header);
}

/** Said so, or a program that shows to people what it gets (apiserver endpoints/handlers/negotiation isPrettyPrint). */
export function wantsPretty({ url = '', headers }: IncomingMessage): boolean {
  const asked = /[?&]pretty=([^&]*)/.exec(url)?.[1];
  if (asked !== undefined) return asked === 'true' || asked === '1';
  return /^(curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
}

function rangesOf(request: IncomingMessage): readonly Range[] {
  const header = request.headers.accept ?? '';
  if (header.trim() === '') return [{ type: '*/*', parameters: new Map() }];
  return header.split(',').map((entry) => {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const pairs = parameters.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=');
      return [name.trim(), value.trim()] as const;
    });
    return { type: type.toLowerCase(), parameters: new Map(pairs) };
  });
}
