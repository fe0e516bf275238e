// Certificates that last: kept as PEM files of mode 0600, used again while they are good, renewed well before they
// expire, replaced when they no longer say what is wanted. A file is complete or not there at all.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CertificateRequest,
  certificateLifetimeMs,
  createAuthority,
  issueCertificate,
  type KeyPair,
} from './certificates.ts';

/** Renewed when less than a fifth of a certificate's usual life is left. */
const renewBeforeMs = certificateLifetimeMs / 5;

export interface CertificateDirectory {
  /** Where the files are; made (mode 0700) when missing. */
  readonly directory: string;
  readonly nowMs: number;
}

/** The authority in `ca.crt` and `ca.key`: the one that is there, or a new one. */
export async function ensureAuthority({ directory, nowMs }: CertificateDirectory): Promise<KeyPair> {
  const found = await readAuthority(directory);
  if (found !== undefined && lasts(found, nowMs)) return found;
  return writePair(directory, 'ca', await createAuthority('everynode-ca', nowMs));
}

/** The authority that is there, for those who must not make one; undefined when there is none, or it is damaged. */
export async function readAuthority(directory: string): Promise<KeyPair | undefined> {
  const found = await readPair(directory, 'ca');
  return found !== undefined && new X509Certificate(found.certificate).ca ? found : undefined;
}

/** The certificate in `<name>.crt` and `<name>.key`: the one that is there and fits the request, or a new one. */
export async function ensureCertificate(
  { directory, nowMs }: CertificateDirectory,
  name: string,
  authority: KeyPair,
  request: CertificateRequest,
): Promise<KeyPair> {
  const found = await readPair(directory, name);
  if (found !== undefined && lasts(found, nowMs) && isIssuedBy(found, authority) && says(found, request)) return found;
  return writePair(directory, name, await issueCertificate(authority, request, nowMs));
}

/** PEM of a private key (EC P-256) in `<name>.key`, for signatures alone: the one that is there, or a new one. */
export async function ensureSigningKey(directory: string, name: string): Promise<string> {
  const path = join(directory, `${name}.key`);
  const found = await readText(path);
  if (found !== undefined && isSigningKey(found)) return found;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writePrivate(path, pem);
  return pem;
}

function isSigningKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    // Damaged: the key is made anew, and tokens that it signed are good no more.
    return false;
  }
}

/** Undefined when a file is missing, or the two are not a certificate and its key. */
async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    readText(join(directory, `${name}.crt`)),
    readText(join(directory, `${name}.key`)),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : undefined;
  } catch {
    // Not PEM at all: the pair is made anew, which is what the caller wants of a damaged one.
    return undefined;
  }
}

function lasts({ certificate }: KeyPair, nowMs: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return validFromDate.getTime() <= nowMs && nowMs + renewBeforeMs < validToDate.getTime();
}

function isIssuedBy({ certificate }: KeyPair, authority: KeyPair): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey);
}

function says(
  { certificate }: KeyPair,
  { commonName, organizations = [], hosts = [], usage }: CertificateRequest,
): boolean {
  const parsed = new X509Certificate(certificate);
  const subject = [...organizations.map((group) => `O=${group}`), `CN=${commonName}`].join('\n');
  const names = new Set((parsed.subjectAltName ?? '').split(', '));
  const named = (host: string) =>
    parsed.checkHost(host, { subject: 'never' }) !== undefined || parsed.checkIP(host) !== undefined;
  const purpose = usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
  const sameCount = hosts.length === 0 ? parsed.subjectAltName === undefined : names.size === new Set(hosts).size;
  return parsed.subject === subject && sameCount && hosts.every(named) && (parsed.keyUsage ?? []).includes(purpose);
}

async function writePair(directory: string, name: string, pair: KeyPair): Promise<KeyPair> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writePrivate(join(directory, `${name}.key`), pair.key);
  await writePrivate(join(directory, `${name}.crt`), pair.certificate);
  return pair;
}

/** Writes a file of mode 0600 that is complete or not there at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  const file = await open(draft, 'w', 0o600);
  try {
    // The draft of a crashed process may have stood there with another mode.
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
