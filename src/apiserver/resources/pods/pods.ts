// Pods as a resource (pkg/registry/core/pod/strategy.go): how they begin, and that they end gracefully.
import { formatTime, type Pod } from '../../../api/index.ts';
import { restrictPodCreate, restrictPodDelete, restrictPodStatus } from '../../auth/node-restriction.ts';
import { podColumns } from '../../printing/columns/pods.ts';
import type { ResourceEntry, Strategy } from '../definition.ts';
import { admitPod } from './admission.ts';
import { bindingSubresource } from './binding.ts';
import { evictionSubresource } from './eviction.ts';
import { podSubresources, takenBySubresource } from './pod-subresources.ts';
import { dnsLabel, podWarnings } from '../../schema/index.ts';
import { qosClassOf } from '../../quality-of-service.ts';
import { runtimeSubresources } from './runtime.ts';

/** What a pod says that no scheduler may look at yet. */
const gatedCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
} as const;

const strategy: Strategy<Pod> = {
  async prepareForCreate(pod, context) {
    restrictPodCreate(pod, context);
    const admitted = await admitPod(pod, context);
    const gated = (admitted.spec.schedulingGates ?? []).length > 0;
    const conditions = gated
      ? { conditions: [{ ...gatedCondition, lastTransitionTime: formatTime(context.now) }] }
      : {};
    return { ...admitted, status: { phase: 'Pending', ...conditions, qosClass: qosClassOf(admitted.spec) } };
  },
  /** The class was decided at creation; owners are not the node agent's to change. */
  prepareForStatusUpdate(next, before, context) {
    restrictPodStatus(next, before, context);
    const { ownerReferences: _, ...metadata } = next.metadata;
    const { ownerReferences } = before.metadata;
    const { qosClass } = before.status ?? {};
    return {
      ...next,
      metadata: { ...metadata, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
      status: { ...next.status, ...(qosClass === undefined ? {} : { qosClass }) },
    };
  },
  /** Of what is made: nobody changes pods by hand, and agents do so often. */
  warnings(pod, before) {
    if (before !== undefined) return [];
    const rule = dnsLabel(pod.metadata.name ?? '');
    return [
      ...(rule === undefined
        ? []
        : [
            `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${rule}]`,
          ]),
      ...podWarnings('', pod as unknown as Readonly<Record<string, unknown>>),
    ];
  },
  prepareForSubresource: takenBySubresource,
  admitDelete: restrictPodDelete,
  gracePeriodSeconds(pod, requested) {
    // Nobody runs it, or it has run its course: nothing to wait for.
    if ((pod.spec.nodeName ?? '') === '') return 0;
    if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0;
    return requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  },
};

export const podEntry: ResourceEntry<Pod> = {
  group: '',
  version: 'v1',
  name: 'pods',
  kind: 'Pod',
  namespaced: true,
  shortNames: ['po'],
  categories: ['all'],
  statusSubresource: true,
  countsGenerations: true,
  returnsDeleted: true,
  subresources: {
    binding: bindingSubresource,
    eviction: evictionSubresource,
    ...podSubresources,
    ...runtimeSubresources,
  },
  columns: podColumns,
  fields: {
    'spec.nodeName': (pod) => pod.spec.nodeName,
    'spec.restartPolicy': (pod) => pod.spec.restartPolicy,
    'spec.schedulerName': (pod) => pod.spec.schedulerName,
    'spec.serviceAccountName': (pod) => (pod.spec as { readonly serviceAccountName?: string }).serviceAccountName,
    'spec.hostNetwork': (pod) => String(pod.spec.hostNetwork === true),
    'status.phase': (pod) => pod.status?.phase,
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP,
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName,
  },
  strategy,
};
