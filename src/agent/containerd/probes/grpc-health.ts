// One question to a gRPC health service (kubelet's probe/grpc), over a connection of its own: a probe must notice when
// connecting fails.
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus } from './generated/health_pb.ts';
import type { Outcome } from './handlers.ts';

export interface HealthQuestion {
  readonly host: string;
  readonly port: number;
  readonly service: string;
}

/** Rejects only when the signal aborts. */
export async function askHealth(
  { host, port, service }: HealthQuestion,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const sessionManager = new Http2SessionManager(`http://${address}`);
  try {
    const client = createClient(Health, createGrpcTransport({ baseUrl: `http://${address}`, sessionManager }));
    const { status } = await client.check({ service }, { signal, timeoutMs });
    if (status === HealthCheckResponse_ServingStatus.SERVING) return { answer: 'success', message: 'service healthy' };
    const [name] = Object.entries(HealthCheckResponse_ServingStatus).find(([, value]) => value === status) ?? [status];
    return { answer: 'failure', message: `service unhealthy (responded with "${name}")` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { answer: 'failure', message: faultOf(error, address, timeoutMs) };
  } finally {
    sessionManager.abort();
  }
}

function faultOf(error: unknown, address: string, timeoutMs: number): string {
  const { code, rawMessage } = ConnectError.from(error);
  const within = `within ${timeoutMs / 1000}s`;
  if (code === Code.Unavailable)
    return `timeout: failed to connect service "${address}" ${within}: context deadline exceeded`;
  if (code === Code.DeadlineExceeded) return `timeout: health rpc did not complete ${within}`;
  if (code === Code.Unimplemented)
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${rawMessage}`;
  return `error: health rpc probe failed: rpc error: code = ${Code[code]} desc = ${rawMessage}`;
}
