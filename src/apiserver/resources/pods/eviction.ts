// POST pods/NAME/eviction: a delete that asks the pod's disruption budget first (pkg/registry/core/pod/storage
// eviction.go). https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
import {
  compileLabelSelector,
  type DeleteOptions,
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
import { getObject } from '../../verbs/read.ts';
import type { Subresource, WriteContext } from '../definition.ts';

const budgets = { storage: 'poddisruptionbudgets.policy', namespaced: true } as const;

interface Eviction extends KubernetesObject {
  readonly deleteOptions?: DeleteOptions;
}

type DisruptionBudget = KubernetesObject & {
  readonly spec?: { readonly selector?: LabelSelector };
  readonly status?: { readonly disruptionsAllowed?: number };
};

export const evictionSubresource: Subresource = {
  kind: 'Eviction',
  group: 'policy',
  version: 'v1',
  verbs: ['create'],
  handle: evictPod,
};

async function evictPod(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const eviction = decodeBody({ group: 'policy', version: 'v1', kind: 'Eviction' }, request.body) as Eviction;
  const { namespace, name = '' } = request;
  const pod = (await getObject(context.server, context.definition, namespace, name)) as Pod;
  const { query } = request;
  const options: DeleteOptions = {
    ...eviction.deleteOptions,
    ...(query?.dryRun === undefined ? {} : { dryRun: [query.dryRun] }),
  };
  if (countsForBudgets(pod)) await askBudgets(context, pod);
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

/** No disruption controller fills budgets in yet: one without a status allows nothing, as upstream's does. */
async function askBudgets({ server }: WriteContext, pod: Pod): Promise<void> {
  const { entries } = await server.store.range(prefixOf(budgets, pod.metadata.namespace));
  const guarding = entries
    .map(({ value }) => stored(value) as DisruptionBudget)
    .filter(({ spec }) => compileLabelSelector(spec?.selector)(pod.metadata.labels));
  if (guarding.length > 1)
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const [budget] = guarding;
  if (budget === undefined || (budget.status?.disruptionsAllowed ?? 0) > 0) return;
  throw new StatusError('TooManyRequests', `Cannot evict pod as it would violate the pod's disruption budget.`, {
    causes: [
      { reason: 'DisruptionBudget', message: `The disruption budget ${budget.metadata.name} allows no disruption now` },
    ],
  });
}
