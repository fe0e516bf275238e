// The kubeconfig of the cluster's administrator: everything inline, so that the one file can be copied.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { type KeyPair, writePrivate } from '../pki/index.ts';

export interface KubeconfigContent {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly client: KeyPair;
}

const base64 = (pem: string) => Buffer.from(pem).toString('base64');

export function writeKubeconfig(path: string, { url, authority, client }: KubeconfigContent): Promise<void> {
  return writePrivate(
    path,
    `apiVersion: v1
kind: Config
current-context: everynode
clusters:
- name: everynode
  cluster:
    server: ${url}
    certificate-authority-data: ${base64(authority)}
users:
- name: everynode-admin
  user:
    client-certificate-data: ${base64(client.certificate)}
    client-key-data: ${base64(client.key)}
contexts:
- name: everynode
  context:
    cluster: everynode
    user: everynode-admin
`,
  );
}
