// Which files a configMap, secret, downwardAPI or projected volume holds, with their modes. Pure: the objects are given.
import type { ConfigMap, DownwardFile, KeyToPath, Pod, Secret, Volume } from '../../../api/index.ts';
import { fieldValue, type NodeFacts, resourceValue, type Sources } from '../../../core/pod/index.ts';
import { commonUser } from '../security.ts';
import { VolumeError } from './host-path.ts';

export interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
  /** A user's ID; root when absent. */
  readonly owner?: number;
}

export type Payload = ReadonlyMap<string, VolumeFile>;

export interface PayloadContext extends NodeFacts {
  readonly pod: Pod;
  readonly sources: Sources;
  /** The token for a projected source, fetched before; by its path. */
  readonly tokens: ReadonlyMap<string, string>;
}

const defaultFileMode = 0o644;

/** Whether the agent writes this volume's files itself, and again when what they show changes. */
export function hasPayload({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;
}

/** @throws VolumeError when something that is not optional is missing. */
export function payloadOf(volume: Volume, context: PayloadContext): Payload {
  const files = new Map<string, VolumeFile>();
  const { configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? defaultFileMode;
  if (configMap !== undefined) addConfigMap(files, configMap, mode, context);
  if (secret !== undefined) addSecret(files, { ...secret, name: secret.secretName ?? '' }, mode, context);
  if (downwardAPI !== undefined) addDownward(files, downwardAPI.items, mode, context);
  for (const source of projected?.sources ?? []) {
    if (source.configMap !== undefined) addConfigMap(files, source.configMap, mode, context);
    if (source.secret !== undefined) addSecret(files, source.secret, mode, context);
    if (source.downwardAPI !== undefined) addDownward(files, source.downwardAPI.items, mode, context);
    if (source.serviceAccountToken !== undefined) addToken(files, source.serviceAccountToken.path, mode, context);
  }
  return files;
}

interface Selection {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function addConfigMap(
  files: Map<string, VolumeFile>,
  selection: Selection,
  mode: number,
  { sources }: PayloadContext,
): void {
  const { name = '' } = selection;
  const object = sources.configMap(name);
  if (object === undefined) return missing('configmap', selection);
  addKeys(files, contentsOf(object), selection, mode, 'configmap references non-existent config key');
}

function addSecret(
  files: Map<string, VolumeFile>,
  selection: Selection,
  mode: number,
  { sources }: PayloadContext,
): void {
  const { name = '' } = selection;
  const object = sources.secret(name);
  if (object === undefined) return missing('secret', selection);
  addKeys(files, contentsOfSecret(object), selection, mode, 'references non-existent secret key');
}

function missing(kind: string, { name = '', optional }: Selection): void {
  if (optional !== true) throw new VolumeError(`${kind} "${name}" not found`);
}

function addKeys(
  files: Map<string, VolumeFile>,
  contents: ReadonlyMap<string, Buffer>,
  { items, optional }: Selection,
  mode: number,
  complaint: string,
): void {
  const wanted: readonly KeyToPath[] = items ?? [...contents.keys()].map((key) => ({ key, path: key }));
  for (const { key, path, mode: own } of wanted) {
    const content = contents.get(key);
    if (content !== undefined) files.set(checkedPath(path), { content, mode: own ?? mode });
    else if (optional !== true) throw new VolumeError(`${complaint}: ${key}`);
  }
}

function contentsOf({ data = {}, binaryData = {} }: ConfigMap): ReadonlyMap<string, Buffer> {
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const),
  ]);
}

function contentsOfSecret({ data = {} }: Secret): ReadonlyMap<string, Buffer> {
  return new Map(Object.entries(data).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const));
}

function addDownward(
  files: Map<string, VolumeFile>,
  items: readonly DownwardFile[] = [],
  mode: number,
  context: PayloadContext,
): void {
  for (const { path, fieldRef, resourceFieldRef, mode: own } of items) {
    const text =
      fieldRef === undefined
        ? resourceText(resourceFieldRef, context)
        : fieldValue(context.pod, fieldRef.fieldPath, context);
    if (text === undefined) throw new VolumeError(`unsupported field for ${path}`);
    files.set(checkedPath(path), { content: Buffer.from(text), mode: own ?? mode });
  }
}

function resourceText(selector: DownwardFile['resourceFieldRef'], context: PayloadContext): string | undefined {
  const { spec } = context.pod;
  const container = [...(spec.initContainers ?? []), ...spec.containers].find(
    ({ name }) => name === selector?.containerName,
  );
  return selector === undefined || container === undefined ? undefined : resourceValue(container, selector, context);
}

function addToken(files: Map<string, VolumeFile>, path: string, mode: number, { tokens, pod }: PayloadContext): void {
  const token = tokens.get(path);
  if (token === undefined) throw new VolumeError('failed to fetch token');
  // For the pod's own user or group, where it has one for all of its containers; else for whoever they are.
  const owner = commonUser(pod);
  const isOwned = owner !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  files.set(checkedPath(path), {
    content: Buffer.from(token),
    mode: isOwned ? 0o600 : mode,
    ...(owner === undefined ? {} : { owner }),
  });
}

/** The API server validates paths; a path that leaves its volume must never be written, wherever it came from. */
function checkedPath(path: string): string {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..'))
    throw new VolumeError(`invalid path: ${path}`);
  return path;
}
