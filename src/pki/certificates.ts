// Making certificates: an authority of our own (ECDSA P-256) and what it signs. The one module that knows
// @peculiar/x509, which is loaded on first use only: a start that finds valid files never pays for it.
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts. The key is PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly usage: 'server' | 'client';
  /** For a client: the user name. */
  readonly commonName: string;
  /** For a client: the groups (Kubernetes' X.509 client certificate authentication). */
  readonly organizations?: readonly string[];
  /** For a server: the DNS names and IP addresses it answers to. */
  readonly hosts?: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;
export const authorityLifetimeMs = 3650 * dayMs;
export const certificateLifetimeMs = 365 * dayMs;
/** Certificates are valid from a little before now: clocks differ. */
const clockSkewMs = 5 * 60 * 1000;

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** A new self-signed authority. `nowMs` is milliseconds since the epoch. */
export async function createAuthority(commonName: string, nowMs: number): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter: new Date(nowMs + authorityLifetimeMs),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** A certificate signed by the authority, with a key of its own. */
export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  nowMs: number,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const names = (request.hosts ?? []).map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [...(request.organizations ?? []).map((group) => ({ O: [group] })), { CN: [request.commonName] }],
    issuer: issuer.subjectName,
    notBefore: new Date(nowMs - clockSkewMs),
    // No certificate outlives the authority that vouches for it.
    notAfter: new Date(Math.min(nowMs + certificateLifetimeMs, issuer.notAfter.getTime())),
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([request.usage === 'server' ? serverAuth : clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

async function loadX509() {
  // The library's dependency injection asks for this polyfill to be loaded first.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
}
