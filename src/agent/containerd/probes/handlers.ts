// Asking a container: a command in it, an HTTP request, a connection, gRPC health. One question each, with a deadline;
// what the answers mean is core/pod's. The words are those of the kubelet's prober.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, Handler, HttpGetAction } from '../../../api/index.ts';
import type { ProbeAnswer } from '../../../core/pod/index.ts';
import { type Cri, describeFailure, isTimedOut } from '../../cri/index.ts';
import { askHealth } from './grpc-health.ts';

export interface Outcome {
  /** `none`: it could not even be asked (no such command, the runtime is away), which says nothing of the container. */
  readonly answer: ProbeAnswer | 'none';
  readonly message: string;
}

export interface Target {
  readonly cri: Cri;
  readonly container: Container;
  /** As the runtime calls it. */
  readonly containerId: string;
  /** Where its ports are reached: the pod's address, in the host's network the host's. */
  readonly address: string;
}

/** What a probe shows of an answer (probe/http maxRespBodyLength). */
const bodyBytesMax = 10 * 1024;

/** Never rejects but for the signal: whatever goes wrong is a failure with a message. */
export async function ask(handler: Handler, target: Target, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  try {
    if (exec !== undefined) return await askCommand(exec.command ?? [], target, timeoutMs, signal);
    if (httpGet !== undefined) return await askHttp(httpGet, target, timeoutMs, signal);
    if (tcpSocket !== undefined)
      return await askTcp(
        tcpSocket.host ?? target.address,
        portOf(tcpSocket.port, target.container),
        timeoutMs,
        signal,
      );
    if (grpc !== undefined) return await askGrpc(target.address, grpc.port, grpc.service ?? '', timeoutMs, signal);
    return success('');
  } catch (error) {
    if (signal.aborted) throw error;
    return failure(describeFailure(error));
  }
}

async function askCommand(
  cmd: readonly string[],
  { cri, containerId }: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const timeout = BigInt(Math.ceil(timeoutMs / 1000));
  // The runtime ends the command at its deadline; ours is the net below.
  const options = { signal, timeoutMs: timeoutMs + 2_000 };
  try {
    const { stdout, stderr, exitCode } = await cri.runtime.execSync({ containerId, cmd: [...cmd], timeout }, options);
    const output = Buffer.concat([stdout, stderr]).toString('utf8', 0, bodyBytesMax);
    return exitCode === 0 ? success(output) : failure(output);
  } catch (error) {
    if (signal.aborted) throw error;
    const message = describeFailure(error);
    return isTimedOut(error) ? failure(`command timed out: ${message}`) : { answer: 'none', message };
  }
}

function askHttp(
  { scheme = 'HTTP', host, port, path = '/', httpHeaders = [] }: HttpGetAction,
  target: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.34', accept: '*/*' };
  for (const { name, value } of httpHeaders) headers[name.toLowerCase()] = value;
  return new Promise((resolve, reject) => {
    const options = {
      host: host ?? target.address,
      port: portOf(port, target.container),
      path: path.startsWith('/') ? path : `/${path}`,
      headers,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      // A probe asks whether it serves, not who it is.
      rejectUnauthorized: false,
    };
    const send = scheme.toUpperCase() === 'HTTPS' ? httpsRequest : httpRequest;
    const request = send(options, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        resolve(
          statusCode >= 200 && statusCode < 400
            ? success(`HTTP probe succeeded`)
            : failure(`HTTP probe failed with statuscode: ${statusCode}`),
        ),
      );
    });
    request.once('error', (error) => {
      const late = error.name === 'AbortError' || error.name === 'TimeoutError';
      reject(late ? new Error(`context deadline exceeded (Client.Timeout exceeded while awaiting headers)`) : error);
    });
    request.end();
  });
}

function askTcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const end = (settle: () => void) => {
      socket.destroy();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => end(() => reject(signal.reason as Error));
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(timeoutMs);
    socket.once('connect', () => end(() => resolve(success(''))));
    socket.once('timeout', () => end(() => resolve(failure(`dial tcp ${host}:${port}: i/o timeout`))));
    socket.once('error', (error) => end(() => resolve(failure(`dial tcp ${host}:${port}: ${error.message}`))));
  });
}

async function askGrpc(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const serving = await askHealth(host, port, service, timeoutMs, signal);
  return serving ? success('') : failure('service unhealthy (responded with "NOT_SERVING")');
}

/** A port is a number, or the name of one of the container's. */
function portOf(port: number | string, { ports = [] }: Container): number {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (!Number.isInteger(named)) throw new Error(`couldn't find port: ${port}`);
  return named;
}

function success(message: string): Outcome {
  return { answer: 'success', message };
}

function failure(message: string): Outcome {
  return { answer: 'failure', message };
}
