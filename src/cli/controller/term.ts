// One time of being the controller: first the look whether another one is active, then the controller until the signal.
import { isReason, isRetryable } from '../../api/index.ts';
import { type Client, eventSink } from '../../client/index.ts';
import {
  type DaemonSetController,
  preflight,
  type PreflightOptions,
  type PreflightResult,
  runDaemonSetController,
  type SelfCheck,
} from '../../controllers/daemonset/index.ts';
import { type Clock, createEventRecorder, type Random, sleep } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import { Refusal } from '../failure.ts';

export interface TermOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  /** Absent: no preflight. */
  readonly preflight: Pick<PreflightOptions, 'client' | 'namespace' | 'waitMs'> | undefined;
  readonly onSync: (seconds: number, failed: boolean) => void;
  readonly selfCheckMs?: number;
  readonly onSelfCheck?: (check: SelfCheck) => void;
  /** Told of the controller when it has started, and of undefined when it has stopped. */
  readonly running: (controller: DaemonSetController | undefined) => void;
}

const preflightRetryMs = 2000;

/** Resolves when the signal aborted and everything has stopped. Rejects with a Refusal when another one is active. */
export async function runTerm(options: TermOptions): Promise<void> {
  const { client, signal, log, running } = options;
  const result = await look(options);
  if (result?.kind === 'occupied') throw new Refusal(occupied(result));
  if (signal.aborted) return;
  if (result !== undefined) log.info('no other DaemonSet controller is active');
  const context = { ...options, log: log.child({ component: 'daemonset-controller' }) };
  const recorder = createEventRecorder({ ...context, component: 'daemonset-controller', sink: eventSink(client) });
  const controller = runDaemonSetController({ ...context, recorder });
  running(controller);
  controller.synced.then(
    () => log.info('the lists are complete', { daemonSets: controller.inspect().daemonSets.length }),
    () => undefined,
  );
  try {
    await Promise.all([controller.stopped, recorder.stopped]);
  } finally {
    running(undefined);
  }
}

type Occupied = Extract<PreflightResult, { readonly kind: 'occupied' }>;

function occupied({ manager = 'somebody', did }: Occupied): string {
  return (
    `another DaemonSet controller is active on this cluster (${manager} ${did}): two would fight over every pod. Stop it first ` +
    '(kube-controller-manager: --controllers=*,-daemonset-controller), look without writing (--dry-run), or, if you ' +
    'know better, start with --skip-preflight'
  );
}

/** Asks until there is an answer: an API server that is away for a moment is no reason to start without one. */
async function look({
  preflight: asked,
  clock,
  random,
  log,
  signal,
}: TermOptions): Promise<PreflightResult | undefined> {
  if (asked === undefined) return undefined;
  while (!signal.aborted) {
    try {
      return await preflight({ ...asked, clock, random, log, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isRetryable(error)) throw isReason(error, 'Forbidden') ? forbidden(asked.namespace, error) : error;
      log.warn('the preflight got no answer', { error });
    }
    await sleep(clock, preflightRetryMs, signal).catch(() => undefined);
  }
  return undefined;
}

function forbidden(namespace: string, cause: Error): Error {
  const hint = 'grant create, get, list and delete of daemonsets there, or start with --skip-preflight';
  return new Error(`cannot look for other controllers in namespace ${namespace}: ${cause.message} (${hint})`, {
    cause,
  });
}
