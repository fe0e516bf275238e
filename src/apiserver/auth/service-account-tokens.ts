// Tokens of service accounts: signed and checked here, JWTs with upstream's claims (pkg/serviceaccount/claims.go).
// A token is good while its signature, its time and its audience are, and while the account and the object it is bound
// to are still there with the same UID. Tokens themselves are kept nowhere and logged nowhere.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { Clock } from '../../machinery/index.ts';
import type { Store } from '../../store/index.ts';
import type { User } from '../request.ts';
import { keyOf, stored } from '../storage.ts';
import { serviceAccountUserName } from './rbac-rules.ts';

/** Who signs, and the audience of tokens that name none: this API server. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** No JWT of ours is longer; a longer one is not even split. */
const tokenCharactersMax = 16_384;

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenGrant {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  readonly bound?: BoundObject;
  /** A name for this one token, for audit. */
  readonly id: string;
}

export interface ServiceAccountTokens {
  issue(grant: TokenGrant): { readonly token: string; readonly expiresMs: number };
  /** Undefined when it is no valid token of ours for one of these audiences (default: this API server). */
  check(
    token: string,
    audiences?: readonly string[],
  ): Promise<{ readonly user: User; readonly audiences: readonly string[] } | undefined>;
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly nbf: number;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: Named;
    readonly pod?: Named;
    readonly secret?: Named;
    readonly node?: Named;
  };
}

interface Named {
  readonly name: string;
  readonly uid: string;
}

/** `key`: PEM of an EC P-256 private key; absent: one that lives as long as this process. */
export function createServiceAccountTokens(store: Store, clock: Clock, key?: string): ServiceAccountTokens {
  const privateKey =
    key === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(key);
  const publicKey = createPublicKey(privateKey);
  return {
    issue(grant) {
      const now = Math.floor(clock.now() / 1000);
      const exp = now + grant.lifetimeSeconds;
      return { token: signed(claimsOf(grant, now, exp), privateKey), expiresMs: exp * 1000 };
    },
    async check(token, audiences = [tokenIssuer]) {
      const claims = verified(token, publicKey);
      const now = clock.now() / 1000;
      if (claims === undefined || claims.iss !== tokenIssuer || now >= claims.exp || now < claims.nbf) return undefined;
      const common = claims.aud.filter((audience) => audiences.includes(audience));
      if (common.length === 0 || !(await isStillBound(store, claims))) return undefined;
      return { user: userOf(claims), audiences: common };
    },
  };
}

function claimsOf({ namespace, name, uid, audiences, bound, id }: TokenGrant, now: number, exp: number) {
  return {
    iss: tokenIssuer,
    sub: serviceAccountUserName(namespace, name),
    aud: audiences,
    exp,
    iat: now,
    nbf: now,
    jti: id,
    'kubernetes.io': {
      namespace,
      serviceaccount: { name, uid },
      ...(bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
    },
  };
}

/** ES256 (RFC 7518 section 3.4): the signature is the two numbers, not DER. */
function signed(claims: object, key: KeyObject): string {
  const head = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function verified(token: string, key: KeyObject): Claims | undefined {
  if (token.length > tokenCharactersMax) return undefined;
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || signature === '') return undefined;
  // What the header says of its algorithm is not asked: there is one, and `none` is not it.
  const bytes = Buffer.from(signature, 'base64url');
  const isOurs = verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, bytes);
  return isOurs ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims) : undefined;
}

async function isStillBound(store: Store, claims: Claims): Promise<boolean> {
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
  const exists = async (storage: string, namespaced: boolean, { name, uid }: Named) => {
    const entry = await store.get(keyOf({ storage, namespaced }, namespace, name));
    return entry !== undefined && stored(entry.value).metadata.uid === uid;
  };
  return (
    (await exists('serviceaccounts', true, serviceaccount)) &&
    (pod === undefined || (await exists('pods', true, pod))) &&
    (secret === undefined || (await exists('secrets', true, secret))) &&
    (node === undefined || (await exists('nodes', false, node)))
  );
}

function userOf(claims: Claims): User {
  const { namespace, serviceaccount, pod } = claims['kubernetes.io'];
  return {
    name: claims.sub,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ...(pod === undefined
      ? {}
      : {
          extra: {
            'authentication.kubernetes.io/pod-name': [pod.name],
            'authentication.kubernetes.io/pod-uid': [pod.uid],
          },
        }),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
