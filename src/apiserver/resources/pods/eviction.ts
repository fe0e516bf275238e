// POST pods/NAME/eviction: a delete that asks the pod's disruption budget first (pkg/registry/core/pod/storage
// eviction.go). https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
import {
  compileLabelSelector,
  type DeleteOptions,
  formatTime,
  isTrue,
  type KubernetesObject,
  type LabelSelector,
  type Pod,
  type Status,
  StatusError,
} from '../../../api/index.ts';
import type { ApiRequest, ApiResponse } from '../../request.ts';
import { prefixOf, stored } from '../../storage.ts';
import { decodeBody } from '../../verbs/body.ts';
import { deleteObject } from '../../verbs/delete.ts';
import { rewrite } from '../../verbs/rewrite.ts';
import { getObject } from '../../verbs/read.ts';
import type { Subresource, WriteContext } from '../definition.ts';

const budgets = { storage: 'poddisruptionbudgets.policy', namespaced: true } as const;

interface Eviction extends KubernetesObject {
  readonly deleteOptions?: DeleteOptions;
}

type DisruptionBudget = KubernetesObject & {
  readonly spec?: { readonly selector?: LabelSelector; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly observedGeneration?: number;
    readonly disruptedPods?: Readonly<Record<string, string>>;
  };
};

/** Evictions that were granted and have not shown (MaxDisruptedPodSize). */
const disruptedPodsMax = 2_000;

export const evictionSubresource: Subresource = {
  kind: 'Eviction',
  group: 'policy',
  version: 'v1',
  verbs: ['create'],
  handle: evictPod,
};

async function evictPod(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const eviction = decodeBody(
    { group: 'policy', version: versionOf(request.body), kind: 'Eviction' },
    request.body,
  ) as Eviction;
  const { namespace, name = '' } = request;
  if (eviction.metadata.name !== name)
    throw new StatusError('BadRequest', 'name in URL does not match name in Eviction object');
  const pod = (await getObject(context.server, context.definition, namespace, name)) as Pod;
  const { query } = request;
  const options: DeleteOptions = {
    ...eviction.deleteOptions,
    ...(query?.dryRun === undefined ? {} : { dryRun: [query.dryRun] }),
  };
  if (countsForBudgets(pod)) await askBudgets(context, pod, options.dryRun?.includes('All') ?? false);
  await deleteObject(context, { ...request, verb: 'delete', body: options });
  const body: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { code: 201, body };
}

/** Pods that have ended, do not run yet, or are leaving anyway disrupt nothing. */
function countsForBudgets(pod: Pod): boolean {
  const { phase } = pod.status ?? {};
  return (
    phase !== 'Succeeded' && phase !== 'Failed' && phase !== 'Pending' && pod.metadata.deletionTimestamp === undefined
  );
}

/**
 * Counts one disruption off the budget that guards the pod, or refuses. The count goes with the write (an optimistic
 * lock), so that two evictions at a time cannot both have the last one.
 */
async function askBudgets(context: WriteContext, pod: Pod, dryRun: boolean): Promise<void> {
  const { server, now } = context;
  const { namespace, name: podName = '' } = pod.metadata;
  const { entries } = await server.store.range(prefixOf(budgets, namespace));
  const guarding = entries
    .map(({ value }) => stored(value) as DisruptionBudget)
    .filter(({ spec }) => compileLabelSelector(spec?.selector)(pod.metadata.labels));
  if (guarding.length > 1)
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const [budget] = guarding;
  if (budget === undefined || mayGoAnyway(pod, budget)) return;
  const definition = server.resources.find('policy', 'v1', 'poddisruptionbudgets')!;
  const target = { namespace, name: budget.metadata.name!, dryRun };
  await rewrite({ ...context, definition }, target, (current) => {
    const { status = {}, metadata } = current as DisruptionBudget;
    const { disruptionsAllowed = 0, disruptedPods = {} } = status;
    if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
      throw tooMany(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
    if (disruptionsAllowed <= 0)
      throw tooMany(
        `The disruption budget ${metadata.name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
      );
    if (Object.keys(disruptedPods).length >= disruptedPodsMax)
      throw tooMany(`The disruption budget ${metadata.name} has too many evictions that have not shown yet`, 10);
    return {
      ...current,
      status: {
        ...status,
        disruptionsAllowed: disruptionsAllowed - 1,
        disruptedPods: { ...disruptedPods, [podName]: formatTime(now) },
      },
    } as KubernetesObject;
  });
}

/** kubectl of before 1.22 drains with policy/v1beta1, which this subresource alone still understands. */
function versionOf(body: unknown): 'v1' | 'v1beta1' {
  return (body as Partial<Eviction> | undefined)?.apiVersion === 'policy/v1beta1' ? 'v1beta1' : 'v1';
}

/** spec.unhealthyPodEvictionPolicy: a pod that is not ready serves nobody (KEP-3017). */
function mayGoAnyway(pod: Pod, { spec, status }: DisruptionBudget): boolean {
  if (isTrue(pod.status?.conditions, 'Ready')) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

function tooMany(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError('TooManyRequests', `Cannot evict pod as it would violate the pod's disruption budget.`, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
