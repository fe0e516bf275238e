// Connects for a command that looks once and ends; whatever it waits for ends with the process.
import type { HttpClient } from '../../client/index.ts';
import { systemClock, systemRandom } from '../../machinery/index.ts';
import { createLogger } from '../../observe/index.ts';
import type { ClusterOptions } from '../arguments.ts';
import { connect } from '../controller/connect.ts';

export interface LookOptions extends ClusterOptions {
  readonly namespace?: string;
}

export interface Looking {
  readonly client: HttpClient;
  /** What was asked for, else the context's, else the pod's own. */
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly now: number;
}

export async function lookAt(options: LookOptions, userAgent: string, look: (at: Looking) => Promise<void>) {
  const { kubeconfig, context } = options;
  const clock = systemClock;
  const { signal } = new AbortController();
  const log = createLogger({ level: 'error' });
  const connected = await connect({ kubeconfig, context, userAgent, clock, random: systemRandom, log, signal });
  const { client, contextNamespace } = connected;
  try {
    const namespace = options.namespace ?? contextNamespace ?? connected.namespace ?? 'default';
    await look({ client, namespace, signal, now: clock.now() });
  } finally {
    await client.close();
  }
}
