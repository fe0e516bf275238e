// Who is it? Client certificates, then bearer tokens (fixed ones, then those of service accounts), then nobody.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { StatusError } from '../../api/index.ts';
import type { User } from '../request.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const authenticatedGroup = 'system:authenticated';

/** Undefined: anonymous. Throws Unauthorized when credentials were sent that are not known. */
export type Authenticator = (request: IncomingMessage) => User | undefined | Promise<User | undefined>;

/** `tokens`: token → user. Kept as hashes, so that looking one up takes the same time for every wrong guess. */
export function createAuthenticator(
  accounts: ServiceAccountTokens,
  tokens: ReadonlyMap<string, User> = new Map(),
): Authenticator {
  const byHash = new Map([...tokens].map(([token, user]) => [hashOf(token), withAuthenticated(user)]));
  const certificates = new WeakMap<object, User>();
  const userOfToken = async (authorization: string): Promise<User> => {
    const token = /^bearer (\S+)$/i.exec(authorization.trim())?.[1];
    if (token === undefined) throw unauthorized();
    const owner = byHash.get(hashOf(token)) ?? (await accounts.check(token))?.user;
    if (owner === undefined) throw unauthorized();
    return owner;
  };
  return ({ socket, headers }) => {
    const known = certificates.get(socket);
    if (known !== undefined) return known;
    const user = socket instanceof TLSSocket ? userOfCertificate(socket) : undefined;
    if (user !== undefined) {
      certificates.set(socket, user);
      return user;
    }
    return headers.authorization === undefined ? undefined : userOfToken(headers.authorization);
  };
}

export function unauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized');
}

/** A static token file: one `token,user,uid,"group1,group2"` a line (kube-apiserver --token-auth-file). */
export function parseTokenFile(text: string): ReadonlyMap<string, User> {
  const tokens = new Map<string, User>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const match = /^([^,]+),([^,]+),([^,]*)(?:,"?([^"]*)"?)?$/.exec(line.trim());
    if (match === null) throw new Error('a line of the token file is not of the form token,user,uid,"group1,group2"');
    const groups = (match[4] ?? '').split(',').filter((group) => group !== '');
    tokens.set(match[1]!, { name: match[2]!, groups });
  }
  return tokens;
}

/** Subject CN is the user, each O a group. Only when the chain leads to our client authority. */
function userOfCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate() as { readonly subject?: Readonly<Record<string, string | string[]>> };
  const name = [subject?.CN ?? []].flat()[0];
  if (name === undefined) return undefined;
  return withAuthenticated({ name, groups: [subject?.O ?? []].flat() });
}

function withAuthenticated({ name, groups }: User): User {
  return { name, groups: [...groups, authenticatedGroup] };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
