// The door to pki/: an authority, the certificates it signs, and the files they are kept in.
export { type CertificateRequest, createAuthority, issueCertificate, type KeyPair } from './certificates.ts';
export {
  type CertificateDirectory,
  ensureAuthority,
  ensureCertificate,
  ensureSigningKey,
  readAuthority,
  writePrivate,
} from './files.ts';
export { keyFingerprint } from './fingerprint.ts';
