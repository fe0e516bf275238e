// From flags to an API server that answers us. A server that does not answer is asked again a few times; credentials
// that it refuses are not tried twice. Whatever fails becomes one line that names the server.
import { isRetryable, resources, StatusError } from '../../api/index.ts';
import { createHttpClient, type HttpClient, KubeconfigError, loadKubeconfig } from '../../client/index.ts';
import { type Clock, createBackOff, type Random, sleep } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import { Refusal } from '../failure.ts';

export interface ConnectOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Connected {
  readonly client: HttpClient;
  /** Where this process lives in the cluster, if it is a pod of it. */
  readonly namespace: string | undefined;
  /** What the kubeconfig's context says to those who name none. */
  readonly contextNamespace: string | undefined;
}

const triesMax = 5;
const retry = { baseMs: 500, msMax: 4000, jitter: 0.2 };
/** A server that is there answers one object long before this. */
const firstAnswerMsMax = 10_000;

/** Rejects with a Refusal for a kubeconfig that cannot be used, and with a plain Error when the cluster says no. */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const { clock, log, signal } = options;
  const connection = await load(options);
  const client = createHttpClient({ ...connection, clock, log, userAgent: options.userAgent });
  try {
    await retried(options, () =>
      client.list(resources.nodes, {
        limit: 1,
        signal: AbortSignal.any([signal, AbortSignal.timeout(firstAnswerMsMax)]),
      }),
    );
  } catch (error) {
    await client.close();
    if (signal.aborted) throw error;
    throw new Error(`cannot list nodes at ${connection.server}: ${wordsOf(error)}`, { cause: error });
  }
  const { namespace, contextNamespace } = connection;
  return { client, namespace, contextNamespace };
}

async function load({ kubeconfig, context, clock }: ConnectOptions) {
  try {
    return await loadKubeconfig({
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
      clock,
    });
  } catch (error) {
    const asked = kubeconfig !== undefined || context !== undefined;
    if (error instanceof KubeconfigError && asked) throw new Refusal(error.message, { cause: error });
    throw error;
  }
}

async function retried<R>({ clock, random, log, signal }: ConnectOptions, ask: () => Promise<R>): Promise<R> {
  const backOff = createBackOff({ ...retry, random });
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const again = isRetryable(error) || !(error instanceof StatusError);
      if (signal.aborted || !again || tries === triesMax) throw error;
      log.warn('the API server does not answer', { tries, error });
    }
    await sleep(clock, backOff.next(), signal);
  }
}

export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'TimeoutError' ? `no answer within ${firstAnswerMsMax / 1000} s` : error.message;
}
