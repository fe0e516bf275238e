// Which key it is, told without telling the key.
import { createHash, createPublicKey } from 'node:crypto';

/** SHA-256 of the public key (hexadecimal) in PEM of a certificate or a private key. */
export function keyFingerprint(pem: string): string {
  const key = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('hex');
}
