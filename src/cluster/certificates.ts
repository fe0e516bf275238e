// The certificates of one cluster: its authority, its API server's, its administrator's. Made on the first start,
// used again on the next, renewed before they expire.
import { apiServerName } from '../agent/index.ts';
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

/** What the API server shows to the agents of nodes. */
export function nodeClientCertificate(directory: string, authority: KeyPair, nowMs: number): Promise<KeyPair> {
  const request = { usage: 'client', commonName: apiServerName } as const;
  return ensureCertificate({ directory, nowMs }, 'apiserver-kubelet-client', authority, request);
}

/** What the agent of a node shows to the API server: made out to the node's name, wherever it listens. */
export function nodeServingCertificate(
  directory: string,
  authority: KeyPair,
  nodeName: string,
  nowMs: number,
): Promise<KeyPair> {
  const request = { usage: 'server', commonName: `system:node:${nodeName}`, hosts: [nodeName] } as const;
  return ensureCertificate({ directory, nowMs }, `node-${nodeName}-serving`, authority, request);
}
