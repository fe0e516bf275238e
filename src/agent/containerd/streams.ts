// Logs and streams of this node's pods, as the API server asks for them: finds the container in the agent's own picture of
// its pods, and lets the container runtime do the rest. The words of refusals are a kubelet's.
import { type ContainerStatus, type Pod, StatusError } from '../../api/index.ts';
import { chooseLog, containersInOrder } from '../../core/pod/index.ts';
import { describeFailure, isNotFound } from '../cri/index.ts';
import type { ContainerTarget, PodRuntime, PodTarget } from '../kubelet-api/index.ts';
import type { NodeContext } from './context.ts';
import { readLog } from '../logs/index.ts';
import { bareId } from './paths.ts';
import type { PodLife } from './pod-life.ts';

export interface PodStreams extends PodRuntime {
  /** Nothing of the pod runs any more: its streams end. */
  end(uid: string): void;
}

export function createPodStreams(
  { cri, clock, reader, signal }: Pick<NodeContext, 'cri' | 'clock' | 'reader' | 'signal'>,
  lives: ReadonlyMap<string, PodLife>,
): PodStreams {
  const find = ({ namespace, pod: name }: PodTarget): PodLife | undefined =>
    [...lives.values()].find(({ pod: { metadata } }) => metadata.name === name && metadata.namespace === namespace);
  const ends = new Map<string, AbortController>();
  const endedOf = (uid: string): AbortSignal => {
    const known = ends.get(uid) ?? new AbortController();
    ends.set(uid, known);
    return AbortSignal.any([known.signal, signal]);
  };
  const findPod = (target: PodTarget): PodLife => {
    const life = find(target);
    if (life === undefined)
      throw new StatusError('NotFound', `pod "${target.pod}" in namespace "${target.namespace}" is not on this node`);
    return life;
  };
  const statusOf = (life: PodLife, name: string) => statusesOf(life, clock.now()).find((each) => each.name === name);
  const findRunning = (target: ContainerTarget): { readonly life: PodLife; readonly containerId: string } => {
    const life = findPod(target);
    const status = statusOf(life, target.container);
    if (status?.state?.running === undefined)
      throw new StatusError('NotFound', `container not found ("${target.container}")`);
    return { life, containerId: bareId(status.containerID ?? '') };
  };

  return {
    async logs(target, options, signal) {
      const life = findPod(target);
      const { container, pod } = target;
      const choice = chooseLog(pod, container, statusOf(life, container), options.previous);
      if ('refusal' in choice) throw new StatusError('BadRequest', choice.refusal);
      const { containerId } = choice;
      const path = await logPath(cri, containerId, signal);
      const isRunning = () => {
        if (find(target) !== life) return false;
        const status = statusOf(life, container);
        return status?.containerID === containerId && status.state?.running !== undefined;
      };
      return readLog({ path, clock, isRunning }, options, signal);
    },
    async exec(target, cmd, options) {
      const { life, containerId } = findRunning(target);
      const url = await placeOf(cri.runtime.exec({ containerId, cmd: [...cmd], ...options }));
      return { url, ended: endedOf(life.pod.metadata.uid) };
    },
    async attach(target, asked) {
      const { life, containerId } = findRunning(target);
      const tty = specOf(life.pod, target.container)?.tty === true;
      const options = { ...asked, tty, stderr: asked.stderr && !tty };
      const url = await placeOf(cri.runtime.attach({ containerId, ...options }));
      return { url, ended: endedOf(life.pod.metadata.uid), options };
    },
    async portForward(target) {
      const { uid } = findPod(target).pod.metadata;
      const [newest] = (await told(reader.read(uid, signal))).sandboxes;
      if (newest?.ready !== true)
        throw new StatusError('BadRequest', 'unable to forward port because pod is not running');
      const url = await placeOf(cri.runtime.portForward({ podSandboxId: newest.id }));
      return { url, ended: endedOf(uid) };
    },
    end(uid) {
      ends.get(uid)?.abort();
      ends.delete(uid);
    },
  };
}

async function placeOf(answer: Promise<{ readonly url: string }>): Promise<URL> {
  return new URL((await told(answer)).url);
}

/** What the runtime says against it is what the client hears. */
async function told<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw new StatusError('InternalError', describeFailure(error), undefined, { cause: error });
  }
}

function statusesOf(life: PodLife, now: number): readonly ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = life.status(now);
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}

function specOf({ spec }: Pod, name: string) {
  return containersInOrder(spec).find(({ container }) => container.name === name)?.container;
}

async function logPath(cri: NodeContext['cri'], containerId: string, signal: AbortSignal): Promise<string> {
  const answer = cri.runtime.containerStatus({ containerId: bareId(containerId) }, { signal });
  const { status } = await told(answer.catch(ignoreMissing));
  if (status !== undefined) return status.logPath;
  throw new StatusError('NotFound', `unable to retrieve container logs for ${containerId}`);
}

function ignoreMissing(error: unknown): { readonly status?: undefined } {
  if (isNotFound(error)) return {};
  throw error;
}
