// `--apply`: makes the cluster hold what a manifest file says. What was applied is remembered on the object, where
// kubectl apply keeps it too, so that a restart with an unchanged file changes nothing: not even what somebody set in
// the meantime. A changed file changes what it changed, and no more.
import { isReason, type KubernetesObject, type Resource, type Stored } from '../api/index.ts';
import type { Client } from '../client/index.ts';
import type { Manifest } from './manifests.ts';
import { mergeDifference } from './merge-difference.ts';

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const fieldManager = 'everynode-apply';

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

export async function applyManifest(client: Client, resource: Resource, manifest: Manifest): Promise<ApplyOutcome> {
  return (await applyObject(client, resource, manifest)).outcome;
}

export interface Applied<T extends KubernetesObject> {
  readonly outcome: ApplyOutcome;
  readonly object: Stored<T>;
}

/** @param dryRun what would come of it: the API server judges and fills in, and keeps nothing */
export async function applyObject<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  manifest: Manifest,
  dryRun = false,
): Promise<Applied<T>> {
  const object = placed(manifest, resource);
  const options = { fieldManager, dryRun };
  const { name = '', namespace } = object.metadata;
  const marked = withAnnotation(object, `${JSON.stringify(object)}\n`);
  try {
    return { outcome: 'created', object: await client.create(resource, marked as unknown as T, options) };
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  const current = await client.get(resource, namespace, name);
  const before = remembered(current);
  const change = before === undefined ? object : mergeDifference(before, object);
  if (change === undefined) return { outcome: 'unchanged', object: current };
  const annotations = { [lastApplied]: marked.metadata.annotations?.[lastApplied] };
  const metadata = {
    ...(change.metadata as object | undefined),
    annotations: { ...annotationsOf(change), ...annotations },
  };
  const patched = await client.patch(resource, namespace, name, 'merge', { ...change, metadata }, options);
  return { outcome: 'configured', object: patched };
}

/** With the namespace it goes to, as kubectl fills it in. */
function placed(manifest: Manifest, resource: Resource): KubernetesObject & Readonly<Record<string, unknown>> {
  const { namespace, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: resource.namespaced ? { ...metadata, namespace: namespace ?? 'default' } : metadata };
}

function withAnnotation<T extends KubernetesObject>(object: T, text: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [lastApplied]: text } },
  };
}

function annotationsOf(change: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return (change.metadata as { annotations?: Readonly<Record<string, unknown>> } | undefined)?.annotations ?? {};
}

/** What was applied last, by us or by kubectl; kubectl notes an empty `annotations`, which says nothing. */
function remembered(object: KubernetesObject): Readonly<Record<string, unknown>> | undefined {
  const text = object.metadata.annotations?.[lastApplied];
  const parsed = text === undefined ? undefined : parseJson(text);
  if (parsed === undefined) return undefined;
  const { annotations, ...metadata } = parsed.metadata;
  const kept =
    annotations === undefined || Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
  return { ...parsed, metadata: kept };
}

/** Anybody may write annotations: what is no object with metadata counts as not there. */
function parseJson(text: string): (KubernetesObject & Readonly<Record<string, unknown>>) | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    const metadata = (parsed as Partial<KubernetesObject> | null)?.metadata;
    const looksRight = typeof metadata === 'object' && metadata !== null;
    return looksRight ? (parsed as KubernetesObject & Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
