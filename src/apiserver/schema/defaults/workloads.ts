// Defaults of DaemonSets, Deployments and ReplicaSets (kubernetes pkg/apis/apps/v1/defaults.go).
import type { Defaulter } from '../walk.ts';
import { constants, fill, struct } from './fill.ts';

/**
 * maxUnavailable is filled in beside a given maxSurge too; the two are then refused together, so whoever wants surge
 * must write maxUnavailable: 0. Kubernetes does the same. OnDelete gets nothing.
 */
const daemonSetSpec: Defaulter = (object) => {
  let strategy = fill(struct(object, 'updateStrategy'), { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') {
    const rollingUpdate = fill(struct(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
    if (rollingUpdate !== strategy['rollingUpdate']) strategy = { ...strategy, rollingUpdate };
  }
  const filled = fill(object, { revisionHistoryLimit: 10 });
  return strategy === filled['updateStrategy'] ? filled : { ...filled, updateStrategy: strategy };
};

const deploymentSpec: Defaulter = (object) => {
  let strategy = fill(struct(object, 'strategy'), { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') {
    const rollingUpdate = fill(struct(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
    if (rollingUpdate !== strategy['rollingUpdate']) strategy = { ...strategy, rollingUpdate };
  }
  const filled = fill(object, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  return strategy === filled['strategy'] ? filled : { ...filled, strategy };
};

export const workloadDefaults: Readonly<Record<string, Defaulter>> = {
  'apps/v1.DaemonSetSpec': daemonSetSpec,
  // Counters that Go writes even when they are zero.
  'apps/v1.DaemonSetStatus': constants({
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  }),
  'apps/v1.DeploymentSpec': deploymentSpec,
  'apps/v1.ReplicaSetSpec': constants({ replicas: 1 }),
  'apps/v1.ReplicaSetStatus': constants({ replicas: 0 }),
};
