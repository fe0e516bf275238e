// A container runtime on its unix socket, as typed calls (gRPC). The one module here that knows the gRPC library: what
// failed and how is asked of the functions below, never of a message's text.
import { connect as connectSocket } from 'node:net';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { ImageService, RuntimeService } from './generated/cri_pb.ts';
import { Tasks } from './generated/tasks_pb.ts';
import { endLostTask } from './lost-tasks.ts';

/** Calls without a deadline of their own; the kubelet's --runtime-request-timeout. */
const requestMsMax = 120_000;

export interface Cri {
  readonly runtime: Client<typeof RuntimeService>;
  readonly images: Client<typeof ImageService>;
  /** Ends what the runtime has of a container when the CRI cannot (lost-tasks.ts). */
  endTask(containerId: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Connects with the first call, and again after the runtime was away. */
export function connectCri(socketPath: string): Cri {
  // The authority is never looked up: the session speaks over the socket that is made here.
  const baseUrl = 'http://localhost';
  const sessions = new Http2SessionManager(baseUrl, {}, { createConnection: () => connectSocket(socketPath) });
  const transport = createGrpcTransport({ baseUrl, sessionManager: sessions, defaultTimeoutMs: requestMsMax });
  const tasks = createClient(Tasks, transport);
  return {
    endTask: (containerId, signal) => endLostTask(tasks, containerId, signal),
    runtime: createClient(RuntimeService, transport),
    images: createClient(ImageService, transport),
    close: () => sessions.abort(),
  };
}

/** The container, sandbox or image is not there (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}

/** The runtime will not do this to what is in that state. */
export function isWrongState(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.FailedPrecondition;
}

/** The deadline of a command in a container has passed (ExecSync). */
export function isTimedOut(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.DeadlineExceeded;
}

/** What the runtime said, without what gRPC puts before it: as the kubelet shows why a container was not made. */
export function failureText(error: unknown): string {
  if (error instanceof ConnectError) return error.rawMessage;
  return error instanceof Error ? error.message : String(error);
}

/** What the runtime said, as the kubelet shows it: `rpc error: code = NotFound desc = …`. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  return `rpc error: code = ${Code[error.code] ?? 'Unknown'} desc = ${error.rawMessage}`;
}
