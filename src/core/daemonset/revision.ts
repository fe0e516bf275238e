// One ControllerRevision: what it stores of a DaemonSet, how it is named. The data has the shape that
// kube-controller-manager writes, so that kubectl rollout history and undo work and either controller reads the other's.
import {
  type ControllerRevision,
  controllerReference,
  type DaemonSet,
  encodeGoJson,
  type PodTemplateSpec,
  resources,
} from '../../api/index.ts';
import { nameSuffix } from './hash.ts';
import { sameTemplate } from './template-equality.ts';
import { revisionLabel } from './views.ts';

const hashLength = 10;

/**
 * `{"spec":{"template":{"$patch":"replace",…}}}`: a strategic merge patch that puts the template back as it was. The
 * template is taken as the API serves it, which is Go's own encoding; written by encodeGoJson, the bytes are those of
 * kube-controller-manager.
 */
export function revisionData(template: PodTemplateSpec): unknown {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The template a revision stands for; undefined when its data is not of a DaemonSet. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec | undefined {
  const data = revision.data as { readonly spec?: { readonly template?: unknown } } | null | undefined;
  const stored = data?.spec?.template;
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { $patch: _, ...template } = stored as Readonly<Record<string, unknown>>;
  return template as unknown as PodTemplateSpec;
}

/** Whether the revision means what the DaemonSet's template means now. */
export function isRevisionOf(revision: ControllerRevision, template: PodTemplateSpec): boolean {
  const stored = templateOf(revision);
  return stored !== undefined && sameTemplate(stored, template);
}

/** The hash that pods of the revision carry; one without the label is known by its name (as upstream repairs it). */
export function hashOf(revision: ControllerRevision): string {
  return revision.metadata.labels?.[revisionLabel] ?? revision.metadata.name ?? '';
}

/** A new revision. The hash names it only; a name that is taken by other content is told apart by collisionCount. */
export function newRevision(daemonSet: DaemonSet, number: number, collisionCount: number): ControllerRevision {
  const { metadata, spec } = daemonSet;
  const data = revisionData(spec.template);
  const hash = nameSuffix([encodeGoJson(data), String(collisionCount)], hashLength);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels: { ...spec.template.metadata?.labels, [revisionLabel]: hash },
      // All of them: kubernetes.io/change-cause is what `rollout history` shows.
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [controllerReference(resources.daemonSets, daemonSet)],
    },
    data,
    revision: number,
  };
}
