// What the bodies of answers look like: which media type is asked for, and how each is read. Kubernetes protobuf where
// the caller says which fields it reads, and where nobody reads the answer; JSON for everything else, and whenever the
// server has no protobuf of a kind (custom resources, the embedded server).
import { decodeJson, type PartialFields, type Resource, type Status } from '../api/index.ts';
import { protobufMediaType, readObject, readStatus } from './protobuf/envelope.ts';

export const jsonMediaType = 'application/json';
const eitherMediaType = `${protobufMediaType},${jsonMediaType}`;

/** The Accept header. */
export function acceptFor(fields: PartialFields | undefined): string {
  return fields === undefined ? jsonMediaType : eitherMediaType;
}

export function isProtobuf(contentType: string): boolean {
  return contentType.startsWith(protobufMediaType);
}

/** @throws Error when the bytes are not what the content type says. */
export function decodeBody(contentType: string, body: Buffer, fields?: PartialFields, resource?: Resource): unknown {
  if (fields !== undefined && isProtobuf(contentType)) return readObject(body, fields);
  try {
    return parserOf(resource)(body.toString());
  } catch (error) {
    throw new Error('the answer is not JSON', { cause: error });
  }
}

/** @throws SyntaxError */
export function parserOf(resource: Resource | undefined): (text: string) => unknown {
  return resource?.exactNumbers === true ? decodeJson : JSON.parse;
}

/** The Status that an answer is; undefined when it is something else, or nothing. */
export function decodeStatus(contentType: string, body: Buffer): Partial<Status> | undefined {
  try {
    if (isProtobuf(contentType)) return readStatus(body);
    const decoded = decodeBody(contentType, body) as Partial<Status> | null;
    return decoded?.kind === 'Status' ? decoded : undefined;
  } catch {
    return undefined;
  }
}
