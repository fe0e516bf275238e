// The certificates of one cluster: its authority, its API server's, its administrator's. Made on the first start,
// used again on the next, renewed before they expire.
import { ensureAuthority, ensureCertificate, ensureSigningKey, type KeyPair } from '../pki/index.ts';

export interface ClusterCertificates {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKey: string;
}

/** Names a client may call the API server by; `kubernetes…` as pods would. */
const serverHosts = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** `host` is the address it listens on, when that is not a loopback one. */
export async function ensureCertificates(directory: string, host: string, nowMs: number): Promise<ClusterCertificates> {
  const place = { directory, nowMs };
  const authority = await ensureAuthority(place);
  const hosts = [...new Set([...serverHosts, host])];
  const [server, admin, serviceAccountKey] = await Promise.all([
    ensureCertificate(place, 'server', authority, { usage: 'server', commonName: 'kube-apiserver', hosts }),
    ensureCertificate(place, 'admin', authority, {
      usage: 'client',
      commonName: 'everynode-admin',
      organizations: ['system:masters'],
    }),
    ensureSigningKey(directory, 'service-account'),
  ]);
  return { authority, server, admin, serviceAccountKey };
}
