// The subresources that only a node's container runtime can answer: log, exec, attach, portforward. Simulated nodes
// start no process; nodes with a real runtime keep log files and do not answer here yet.
import { type Pod, StatusError } from '../../../api/index.ts';
import type { ApiRequest, ApiResponse } from '../../request.ts';
import { getObject } from '../../verbs/read.ts';
import type { Subresource, WriteContext } from '../definition.ts';

const connectVerbs = ['create', 'get'];

export const runtimeSubresources: Readonly<Record<string, Subresource>> = {
  log: { kind: 'Pod', verbs: ['get'], handle: refuse },
  exec: { kind: 'PodExecOptions', verbs: connectVerbs, handle: refuse },
  attach: { kind: 'PodAttachOptions', verbs: connectVerbs, handle: refuse },
  portforward: { kind: 'PodPortForwardOptions', verbs: connectVerbs, handle: refuse },
};

async function refuse(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { namespace, name = '', subresource } = request;
  const pod = (await getObject(context.server, context.definition, namespace, name)) as Pod;
  const node = pod.spec.nodeName ?? '';
  throw new StatusError(
    'BadRequest',
    node === ''
      ? `pod ${name} does not have a host assigned`
      : `pod ${name} runs on node ${node}, which offers no ${subresource}: simulated nodes start no process, and real containers have their logs in /var/log/pods`,
  );
}
