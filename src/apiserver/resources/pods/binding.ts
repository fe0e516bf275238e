// POST pods/NAME/binding: the scheduler's decision (pkg/registry/core/pod/storage assignPod). Once only, and never back.
import { type Binding, formatTime, type Pod, type Status, StatusError, withCondition } from '../../../api/index.ts';
import type { ApiRequest, ApiResponse } from '../../request.ts';
import { decodeBody } from '../../verbs/body.ts';
import { conflict } from '../../errors.ts';
import { isDryRun } from '../../verbs/parameters.ts';
import { rewrite } from '../../verbs/rewrite.ts';
import type { Subresource, WriteContext } from '../definition.ts';

const bindings = { group: '', name: 'pods/binding' };

export const bindingSubresource: Subresource = { kind: 'Binding', verbs: ['create'], handle: bindPod };

async function bindPod(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const binding = decodeBody({ group: '', version: 'v1', kind: 'Binding' }, request.body) as Binding;
  const name = request.name ?? '';
  if (binding.metadata.name !== name)
    throw new StatusError('BadRequest', 'name in URL does not match name in Binding object');
  const node = (binding.target as Binding['target'] | undefined)?.name ?? '';
  if (node === '')
    throw new StatusError('Invalid', `Binding "${name}" is invalid: target.name: Required value`, {
      name,
      kind: 'Binding',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'target.name' }],
    });
  const target = { namespace: request.namespace, name, dryRun: isDryRun(request.query) };
  await rewrite(context, target, (current) => bound(context, current as Pod, binding, node));
  const body: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { code: 201, body };
}

function bound(context: WriteContext, pod: Pod, binding: Binding, node: string): Pod {
  const name = pod.metadata.name!;
  const { uid = '', resourceVersion = '' } = binding.metadata;
  if (uid !== '' && uid !== pod.metadata.uid)
    throw conflict(
      bindings,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  if (resourceVersion !== '' && resourceVersion !== pod.metadata.resourceVersion)
    throw conflict(
      bindings,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
    );
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(bindings, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if ((pod.spec.nodeName ?? '') !== '')
    throw conflict(bindings, name, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if ((pod.spec.schedulingGates ?? []).length > 0)
    throw conflict(bindings, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const { annotations } = binding.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations === undefined ? {} : { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: {
      ...pod.status,
      conditions: withCondition(
        pod.status?.conditions,
        { type: 'PodScheduled', status: 'True' },
        formatTime(context.now),
      ),
    },
  };
}
