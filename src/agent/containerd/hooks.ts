// postStart and preStop: what a container asks to be done right after its start and right before its end.
// https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
import type { Container, Handler } from '../../api/index.ts';
import { sleep } from '../../machinery/index.ts';
import type { NodeContext } from './context.ts';
import { ask, type Outcome } from './probes/handlers.ts';

/** A hook has no deadline of its own but that of its pod; postStart has none at all in Kubernetes. */
const postStartMsMax = 600_000;

export interface HookTarget {
  readonly container: Container;
  /** As the runtime calls it. */
  readonly containerId: string;
  readonly address: string;
}

/** Undefined when the container has no such hook. */
export function runPostStart(
  context: NodeContext,
  target: HookTarget,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  return runHook(context, target.container.lifecycle?.postStart, target, postStartMsMax, signal);
}

/** Cut off when the grace period is over. */
export function runPreStop(
  context: NodeContext,
  target: HookTarget,
  graceMs: number,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  return runHook(context, target.container.lifecycle?.preStop, target, graceMs, signal);
}

async function runHook(
  { cri, clock }: NodeContext,
  handler: Handler | undefined,
  { container, containerId, address }: HookTarget,
  msMax: number,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (handler === undefined) return undefined;
  if (handler.sleep !== undefined) {
    await sleep(clock, Math.min(handler.sleep.seconds * 1000, msMax), signal);
    return { answer: 'success', message: '' };
  }
  const outcome = await ask(handler, { cri, container, containerId, address }, msMax, signal);
  return outcome.answer === 'warning' ? { ...outcome, answer: 'success' } : outcome;
}
