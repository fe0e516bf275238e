// The opaque token of a paged list: the revision all pages are read at, and the last key of the page before.
import { StatusError } from '../../api/index.ts';

export interface ContinueToken {
  /** Undefined: whatever is newest. Such a list is not one snapshot, and says so where the token is given. */
  readonly revision: number | undefined;
  readonly after: string;
}

/** As upstream writes "newest": 0 could come from a client that lost the number. */
const newest = -1;

export function encodeContinue({ revision = newest, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');
}

export function decodeContinue(text: string): ContinueToken {
  const token = parse(text);
  if (Number.isSafeInteger(token?.rv) && typeof token?.start === 'string' && token.rv !== 0)
    return { revision: token.rv === newest ? undefined : (token.rv as number), after: token.start };
  throw new StatusError('BadRequest', 'continue key is not valid');
}

function parse(text: string): { readonly rv?: unknown; readonly start?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
