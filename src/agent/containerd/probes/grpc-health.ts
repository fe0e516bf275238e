// One question to a gRPC health service, over a connection of its own: a probe must notice when connecting fails.
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus } from './generated/health_pb.ts';

/** Rejects when there is no answer in time. */
export async function askHealth(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const baseUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  try {
    const client = createClient(Health, createGrpcTransport({ baseUrl, sessionManager }));
    const { status } = await client.check({ service }, { signal, timeoutMs });
    return status === HealthCheckResponse_ServingStatus.SERVING;
  } finally {
    sessionManager.abort();
  }
}
