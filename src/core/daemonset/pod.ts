// The pod for one node: the template, labelled with its revision, owned, pinned to the node, tolerating what daemons
// tolerate, under a name that follows from the decision.
import {
  controllerReference,
  type DaemonSet,
  nodeNameField,
  type Pod,
  type PodSpec,
  type PodTemplateSpec,
  resources,
} from '../../api/index.ts';
import { nameSuffix } from './hash.ts';
import { daemonTolerations } from './tolerations.ts';
import { revisionLabel } from './views.ts';

/** Upstream's deprecated template generation: still set for those who read it, never used to decide. */
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';
const templateGenerationLabel = 'pod-template-generation';

/** A name stays a DNS label, so that it can be the pod's host name uncut. */
const nameLengthMax = 63;
const suffixLength = 8;

export interface PodBasis {
  readonly daemonSet: DaemonSet;
  readonly template: PodTemplateSpec;
  /** Revision hash of the template. */
  readonly revision: string;
  readonly node: string;
  readonly name: string;
}

/**
 * The name a pod gets: DaemonSet, node, revision and the UID of the same-revision pod that is still in its way (or
 * none). The same decision, repeated from a stale cache, after a crash or by a second leader, makes the same name, and
 * the API server answers AlreadyExists instead of making a second pod. `salt` tells apart what collides with others.
 */
export function podName(basis: {
  readonly daemonSetName: string;
  readonly daemonSetUid: string;
  readonly node: string;
  readonly revision: string;
  readonly replaces: string | undefined;
  readonly salt: number;
}): string {
  const { daemonSetName, daemonSetUid, node, revision, replaces, salt } = basis;
  const parts = [daemonSetUid, node, revision, replaces ?? ''];
  if (salt > 0) parts.push(String(salt));
  // A DaemonSet's name may have dots (DNS subdomain), a label may not.
  const prefix = daemonSetName
    .slice(0, nameLengthMax - suffixLength - 1)
    .replaceAll('.', '-')
    .replace(/-+$/, '');
  return `${prefix}-${nameSuffix(parts, suffixLength)}`;
}

export function buildPod({ daemonSet, template, revision, node, name }: PodBasis): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const generation = daemonSet.metadata.annotations?.[templateGenerationAnnotation];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: daemonSet.metadata.namespace ?? '',
      labels: {
        ...labels,
        [revisionLabel]: revision,
        ...(generation !== undefined && /^\d+$/.test(generation) ? { [templateGenerationLabel]: generation } : {}),
      },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(resources.daemonSets, daemonSet)],
    },
    spec: pin({ ...template.spec, tolerations: daemonTolerations(template.spec) }, node),
  };
}

/**
 * Pins the pod by required node affinity on the node's name. Nothing sets spec.nodeName: the scheduler binds, after
 * resources, ports and priorities. Required terms of the template chose the node already and go; the rest stays.
 */
function pin(spec: PodSpec, node: string): PodSpec {
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: nodeNameField, operator: 'In', values: [node] }] }],
        },
      },
    },
  };
}
