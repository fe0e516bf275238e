// What a node's runtime offers to those who want to look into its pods: logs, and a place where the container runtime
// serves streams. The server beside this file speaks for it over HTTP; the runtimes know no HTTP.

export interface PodTarget {
  readonly namespace: string;
  readonly pod: string;
}

export interface ContainerTarget extends PodTarget {
  readonly container: string;
}

/** Kubernetes' PodLogOptions. */
export interface LogOptions {
  /** Goes on until the container ends. */
  readonly follow: boolean;
  /** The container before its last restart. */
  readonly previous: boolean;
  /** Each line begins with when it was written, RFC 3339. */
  readonly timestamps: boolean;
  /** Lines written before this moment (milliseconds since the epoch) are left out. */
  readonly sinceMs?: number;
  /** The last lines only; of those, `sinceMs` may leave out more. */
  readonly tailLines?: number;
  /** The text ends after this many bytes, within a line if need be. */
  readonly limitBytes?: number;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
}

export interface ProcessOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Streams that the container runtime serves over SPDY/3.1, as CRI's Exec, Attach and PortForward promise them. */
export interface StreamPlace {
  readonly url: URL;
  /** Aborts when the pod ends: streams do not outlive it. */
  readonly ended: AbortSignal;
}

/** Every function rejects with a StatusError, in a kubelet's words, before the first byte or not at all. */
export interface PodRuntime {
  /** The text in pieces of some kilobytes. Reading ends when `signal` aborts, or nobody reads on. */
  logs(target: ContainerTarget, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  exec(target: ContainerTarget, command: readonly string[], options: ProcessOptions): Promise<StreamPlace>;
  /** `options`: with the terminal that the container has, whatever was asked for. */
  attach(target: ContainerTarget, options: ProcessOptions): Promise<StreamPlace & { readonly options: ProcessOptions }>;
  portForward(target: PodTarget): Promise<StreamPlace>;
}
