// The opaque token of a paged list: the revision all pages are read at, and the last key of the page before.
import { StatusError } from '../../api/index.ts';

export interface ContinueToken {
  readonly revision: number;
  readonly after: string;
}

export function encodeContinue({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');
}

export function decodeContinue(text: string): ContinueToken {
  const token = parse(text);
  if (Number.isSafeInteger(token?.rv) && typeof token?.start === 'string')
    return { revision: token.rv as number, after: token.start };
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
