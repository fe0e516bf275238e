// What a pod refers to by name in its own namespace (pkg/api/v1/pod VisitPodSecretNames, VisitPodConfigmapNames):
// the node that runs it must be able to read it. Pure.
import type { Pod } from '../../api/index.ts';

export type ReferredKind = 'secret' | 'configMap' | 'claim' | 'serviceAccount';

type Json = Readonly<Record<string, unknown>>;

export function podRefersTo(pod: Pod, kind: ReferredKind, name: string): boolean {
  for (const [found, referred] of references(pod)) if (found === kind && referred === name) return true;
  return false;
}

function* references(pod: Pod): Generator<readonly [ReferredKind, unknown]> {
  const spec = pod.spec as unknown as Json;
  yield ['serviceAccount', spec.serviceAccountName];
  for (const secret of list(spec.imagePullSecrets)) yield ['secret', secret.name];
  for (const containers of [spec.initContainers, spec.containers, spec.ephemeralContainers])
    for (const container of list(containers)) yield* ofContainer(container);
  for (const volume of list(spec.volumes)) yield* ofVolume(volume, pod.metadata.name ?? '');
}

function* ofContainer(container: Json): Generator<readonly [ReferredKind, unknown]> {
  for (const source of list(container.envFrom)) {
    yield ['secret', struct(source.secretRef).name];
    yield ['configMap', struct(source.configMapRef).name];
  }
  for (const variable of list(container.env)) {
    const from = struct(variable.valueFrom);
    yield ['secret', struct(from.secretKeyRef).name];
    yield ['configMap', struct(from.configMapKeyRef).name];
  }
}

function* ofVolume(volume: Json, podName: string): Generator<readonly [ReferredKind, unknown]> {
  yield ['secret', struct(volume.secret).secretName];
  yield ['configMap', struct(volume.configMap).name];
  yield ['claim', struct(volume.persistentVolumeClaim).claimName];
  // A generic ephemeral volume's claim is named after its pod and the volume.
  if (volume.ephemeral !== undefined) yield ['claim', `${podName}-${String(volume.name)}`];
  for (const source of list(struct(volume.projected).sources)) {
    yield ['secret', struct(source.secret).name];
    yield ['configMap', struct(source.configMap).name];
  }
  // Drivers keep their credentials in secrets: csi.nodePublishSecretRef, rbd.secretRef and the like.
  for (const driver of Object.values(volume)) {
    const { secretRef, nodePublishSecretRef } = struct(driver);
    yield ['secret', struct(secretRef).name];
    yield ['secret', struct(nodePublishSecretRef).name];
  }
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function struct(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
