// Asking a container: a command in it, an HTTP request, a connection, gRPC health. One question each, with a deadline;
// what the answers mean is core/pod's. The words are those of the kubelet's prober.
import { connect } from 'node:net';
import type { Container, Handler } from '../../../api/index.ts';
import type { ProbeAnswer } from '../../../core/pod/index.ts';
import { type Cri, describeFailure, isTimedOut } from '../../cri/index.ts';
import { askHealth } from './grpc-health.ts';
import { askHttp } from './http.ts';
import { networkFault } from './network-fault.ts';

export interface Outcome {
  /**
   * `warning`: good, with something to tell. `none`: it could not even be asked (no such command, no such port, the
   * runtime is away), which says nothing of the container.
   */
  readonly answer: ProbeAnswer | 'warning' | 'none';
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

/** What a probe shows of what a command says. */
const bodyBytesMax = 10 * 1024;

/** Never rejects but for the signal: whatever goes wrong is a failure with a message. */
export async function ask(handler: Handler, target: Target, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  const port = portOf((httpGet ?? tcpSocket ?? grpc)?.port ?? 0, target.container);
  if (port === undefined) return { answer: 'none', message: `couldn't find port: ${(httpGet ?? tcpSocket)?.port}` };
  try {
    if (exec !== undefined) return await askCommand(exec.command ?? [], target, timeoutMs, signal);
    if (httpGet !== undefined)
      return await askHttp({ ...httpGet, host: httpGet.host ?? target.address, port }, timeoutMs, signal);
    if (tcpSocket !== undefined) return await askTcp(tcpSocket.host ?? target.address, port, timeoutMs, signal);
    if (grpc !== undefined)
      return await askHealth({ host: target.address, port, service: grpc.service ?? '' }, timeoutMs, signal);
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
    if (!isTimedOut(error)) return { answer: 'none', message };
    return failure(`command timed out: "${cmd.join(' ')}" timed out after ${timeoutMs / 1000}s`);
  }
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
    socket.once('error', (error) => end(() => resolve(failure(networkFault(error, host, port)))));
  });
}

/** A port is a number, or the name of one of the container's. */
function portOf(port: number | string, { ports = [] }: Container): number | undefined {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort ?? Number(port);
  return Number.isInteger(named) ? named : undefined;
}

function success(message: string): Outcome {
  return { answer: 'success', message };
}

function failure(message: string): Outcome {
  return { answer: 'failure', message };
}
