// The way from the API server to the agent of a node. Who runs both says how (cluster/): within the process, or over TLS
// to where the Node's status says that its agent listens.
import type { Duplex } from 'node:stream';
import type { Node, Stored } from '../api/index.ts';

/** What is to be had from a node: a path with its query, as a kubelet serves it. */
export interface NodeLocation {
  readonly node: Stored<Node>;
  readonly path: string;
}

/** A connection on which the agent speaks HTTP. Rejects with a StatusError when the node cannot be reached. */
export type ConnectNode = (node: Stored<Node>, signal: AbortSignal) => Promise<Duplex>;
