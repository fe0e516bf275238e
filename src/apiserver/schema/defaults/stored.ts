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
  'storage.k8s.io/v1.StorageClass': constants({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
};
