// What the bodies of answers look like: which media type is asked for, and how each is read.
import type { Status } from '../api/index.ts';

export const jsonMediaType = 'application/json';

/** @throws Error when it is not JSON. */
export function decodeBody(_contentType: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new Error('the answer is not JSON', { cause: error });
  }
}

/** The Status that an answer is; undefined when it is something else, or nothing. */
export function decodeStatus(contentType: string, body: Buffer): Partial<Status> | undefined {
  try {
    const decoded = decodeBody(contentType, body) as Partial<Status> | null;
    return decoded?.kind === 'Status' ? decoded : undefined;
  } catch {
    return undefined;
  }
}
