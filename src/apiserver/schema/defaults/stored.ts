// Defaults of the kinds that are stored and run by nobody (kubernetes pkg/apis/{apps,batch,autoscaling,networking,
// storage}/v1/defaults.go).
import type { Defaulter } from '../walk.ts';
import { constants, fill, struct } from './fill.ts';

const statefulSetSpec: Defaulter = (object) => {
  let strategy = fill(struct(object, 'updateStrategy'), { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate')
    strategy = { ...strategy, rollingUpdate: fill(struct(strategy, 'rollingUpdate'), { partition: 0 }) };
  const claims = fill(struct(object, 'persistentVolumeClaimRetentionPolicy'), {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
  });
  return {
    ...fill(object, { replicas: 1, podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10 }),
    updateStrategy: strategy,
    persistentVolumeClaimRetentionPolicy: claims,
  };
};

const jobSpec: Defaulter = (object) => {
  // A work queue has parallelism and no number of completions.
  const single = object['completions'] === undefined && object['parallelism'] === undefined;
  return fill(object, {
    ...(single ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
  });
};

const networkPolicySpec: Defaulter = (object) =>
  fill(object, { policyTypes: Array.isArray(object['egress']) ? ['Ingress', 'Egress'] : ['Ingress'] });

/** Labels and selector are each other's, where only one is given. */
const replicationController: Defaulter = (object) => {
  const spec = struct(object, 'spec');
  const template = struct(spec, 'template');
  const labels = struct(struct(template, 'metadata'), 'labels');
  const hasLabels = Object.keys(labels).length > 0;
  const selected =
    hasLabels && Object.keys(struct(spec, 'selector')).length === 0 ? { ...spec, selector: labels } : spec;
  const named = hasLabels && Object.keys(struct(struct(object, 'metadata'), 'labels')).length === 0;
  return {
    ...object,
    spec: fill(selected, { replicas: 1 }),
    ...(named ? { metadata: { ...struct(object, 'metadata'), labels } } : {}),
  };
};

const driverSpec: Defaulter = (object) =>
  fill(object, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: ['Persistent'],
    requiresRepublish: false,
    seLinuxMount: false,
  });

export const storedDefaults: Readonly<Record<string, Defaulter>> = {
  'apps/v1.StatefulSetSpec': statefulSetSpec,
  'apps/v1.StatefulSetStatus': constants({ replicas: 0 }),
  'batch/v1.JobSpec': jobSpec,
  'batch/v1.CronJobSpec': constants({
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  }),
  'autoscaling/v1.HorizontalPodAutoscalerSpec': constants({ minReplicas: 1 }),
  'autoscaling/v1.HorizontalPodAutoscalerStatus': constants({ currentReplicas: 0, desiredReplicas: 0 }),
  'autoscaling/v2.HorizontalPodAutoscalerSpec': constants({ minReplicas: 1 }),
  'autoscaling/v2.HorizontalPodAutoscalerStatus': constants({ currentReplicas: 0, desiredReplicas: 0 }),
  'networking.k8s.io/v1.NetworkPolicySpec': networkPolicySpec,
  'networking.k8s.io/v1.NetworkPolicyPort': constants({ protocol: 'TCP' }),
  'core/v1.PersistentVolumeSpec': constants({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  'core/v1.ReplicationController': replicationController,
  'core/v1.ReplicationControllerStatus': constants({ replicas: 0 }),
  'storage.k8s.io/v1.CSIDriverSpec': driverSpec,
  'storage.k8s.io/v1.StorageClass': constants({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
};
