// The subresources that only a node can answer: log, exec, attach, portforward. Checks what is asked for and says where
// it is to be had, as a kubelet's URLs have it (pkg/registry/core/pod/strategy.go); fetching it is the HTTP front's.
import { type Node, type Pod, StatusError, type Stored } from '../../../api/index.ts';
import { unauthorizedAction } from '../../errors.ts';
import type { ApiRequest, ApiResponse } from '../../request.ts';
import { getObject } from '../../verbs/read.ts';
import type { Subresource, WriteContext } from '../definition.ts';
import { logParameters } from './log-options.ts';

const connectVerbs = ['create', 'get'];

export const runtimeSubresources: Readonly<Record<string, Subresource>> = {
  log: { kind: 'Pod', verbs: ['get'], isStream: true, handle: locateLog },
  exec: { kind: 'PodExecOptions', verbs: connectVerbs, isStream: true, handle: locateCommand },
  attach: { kind: 'PodAttachOptions', verbs: connectVerbs, isStream: true, handle: locateCommand },
  portforward: { kind: 'PodPortForwardOptions', verbs: connectVerbs, isStream: true, handle: locatePorts },
};

async function locateLog(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const parameters = logParameters(request.name ?? '', request.query ?? {});
  const pod = await podOf(context, request);
  const path = `/containerLogs/${placeOf(pod)}/${encodeURIComponent(containerOf(pod, request.query?.container))}`;
  // Nothing has run yet, and nothing was said.
  if ((pod.spec.nodeName ?? '') === '') return { code: 200, body: '' };
  return located(context, pod, path, parameters);
}

async function locateCommand(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  await requireCreate(context, request);
  const pod = await podOf(context, request);
  const asked = new URLSearchParams(request.search);
  const container = containerOf(pod, request.query?.container);
  requireNode(pod);
  const parameters = new URLSearchParams();
  for (const [name, nodeName] of Object.entries(streamNames)) if (isOn(asked, name)) parameters.append(nodeName, '1');
  if (request.subresource === 'exec') for (const word of asked.getAll('command')) parameters.append('command', word);
  const path = `/${request.subresource}/${placeOf(pod)}/${encodeURIComponent(container)}`;
  return located(context, pod, path, parameters);
}

/** Of PodExecOptions → of the kubelet's URL. */
const streamNames = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };

async function locatePorts(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  await requireCreate(context, request);
  const pod = await podOf(context, request);
  requireNode(pod);
  const parameters = new URLSearchParams();
  for (const ports of new URLSearchParams(request.search).getAll('ports')) parameters.append('port', ports);
  return located(context, pod, `/portForward/${placeOf(pod)}`, parameters);
}

async function located(
  { server }: WriteContext,
  pod: Pod,
  path: string,
  parameters: URLSearchParams,
): Promise<ApiResponse> {
  const nodes = server.resources.find('', 'v1', 'nodes')!;
  const node = (await getObject(server, nodes, undefined, pod.spec.nodeName!)) as Stored<Node>;
  return { code: 200, body: undefined, location: { node, path: `${path}?${parameters.toString()}` } };
}

async function podOf({ server, definition }: WriteContext, { namespace, name = '' }: ApiRequest): Promise<Pod> {
  return (await getObject(server, definition, namespace, name)) as Pod;
}

/** A WebSocket begins as a GET, and yet it changes things: who may only read may not (KEP-5589, v1.35). */
async function requireCreate({ server, user }: WriteContext, request: ApiRequest): Promise<void> {
  if (request.verb === 'create') return;
  const { group, resource, subresource, namespace, name } = request;
  const attributes = { user, verb: 'create', group, resource, subresource: subresource ?? '', name: name ?? '' };
  const asked = { ...attributes, ...(namespace === undefined ? {} : { namespace }) };
  const { allowed, reason } = await server.authorize(asked);
  if (!allowed) throw unauthorizedAction(asked, reason);
}

function requireNode({ metadata, spec }: Pod): void {
  if ((spec.nodeName ?? '') === '')
    throw new StatusError('BadRequest', `pod ${metadata.name} does not have a host assigned`);
}

function placeOf({ metadata: { namespace = '', name = '' } }: Pod): string {
  return `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** The container that is named, or the only one there is. */
function containerOf({ metadata, spec }: Pod, asked = ''): string {
  const names = (list: readonly { readonly name: string }[] | undefined) => (list ?? []).map(({ name }) => name);
  const [containers, init, ephemeral] = [spec.containers, spec.initContainers, spec.ephemeralContainers].map(names);
  if (asked !== '') {
    if ([...containers!, ...init!, ...ephemeral!].includes(asked)) return asked;
    throw new StatusError('BadRequest', `container ${asked} is not valid for pod ${metadata.name}`);
  }
  if (containers!.length === 1) return containers![0]!;
  const choices = [
    `choose one of: [${containers!.join(' ')}]`,
    ...(init!.length === 0 ? [] : [`or one of the init containers: [${init!.join(' ')}]`]),
    ...(ephemeral!.length === 0 ? [] : [`or one of the ephemeral containers: [${ephemeral!.join(' ')}]`]),
  ];
  throw new StatusError(
    'BadRequest',
    `a container name must be specified for pod ${metadata.name}, ${choices.join(' ')}`,
  );
}

/** Absent, `false` and `0` say no; all else yes (apimachinery Convert_Slice_string_To_bool). */
function isOn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}
