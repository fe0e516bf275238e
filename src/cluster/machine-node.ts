// This machine as a node of a cluster: who it is there, and how it reaches the API server. A node speaks HTTPS with a
// client certificate of its own, also beside the API server in one process: what it may do is the node authorizer's to
// say (apiserver/auth/), and that must not depend on where it runs.
// https://kubernetes.io/docs/reference/access-authn-authz/node/
import { resolve } from 'node:path';
import { type ContainerdNodeOptions, defaultNodeDirectory } from '../agent/index.ts';
import { createHttpClient, type HttpClient } from '../client/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { ensureCertificate, type KeyPair } from '../pki/index.ts';
import { nodeServingCertificate } from './certificates.ts';

export interface MachineNode
  extends Pick<
    ContainerdNodeOptions,
    'socketPath' | 'directory' | 'apiServer' | 'clearOnStop' | 'podCidr' | 'kubelet'
  > {
  readonly nodeName: string;
  readonly client: HttpClient;
}

export interface MachineNodeOptions {
  readonly nodeName: string;
  /** Of the API server. */
  readonly url: string;
  /** Where the cluster keeps its certificates. */
  readonly pkiPath: string;
  readonly authority: KeyPair;
  /** The runtime's unix socket; absent = containerd's own. */
  readonly socketPath?: string | undefined;
  /** Where volumes of pods lie; absent = /var/lib/everynode. */
  readonly directory?: string | undefined;
  readonly podCidr?: string;
  /** Its pods end with this run. */
  readonly clearOnStop: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The client is the caller's to close, after the node has stopped. */
export async function machineNode(options: MachineNodeOptions): Promise<MachineNode> {
  const { nodeName, url, pkiPath, authority, clock, log } = options;
  const { hostname, port } = new URL(url);
  const { socketPath, directory = defaultNodeDirectory, podCidr, clearOnStop } = options;
  const nowMs = clock.now();
  const clientRequest = {
    usage: 'client',
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
  } as const;
  const [{ certificate, key }, serving] = await Promise.all([
    ensureCertificate({ directory: pkiPath, nowMs }, `node-${nodeName}`, authority, clientRequest),
    nodeServingCertificate(pkiPath, authority, nodeName, nowMs),
  ]);
  return {
    nodeName,
    client: createHttpClient({
      server: url,
      tls: { ca: authority.certificate, certificate, key },
      userAgent: 'kubelet',
      clock,
      log,
    }),
    directory: resolve(directory),
    apiServer: { host: hostname, port: Number(port) },
    kubelet: { ...serving, clientAuthority: authority.certificate },
    clearOnStop,
    ...(podCidr === undefined ? {} : { podCidr }),
    ...(socketPath === undefined ? {} : { socketPath }),
  };
}
