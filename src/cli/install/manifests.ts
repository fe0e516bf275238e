// Everything that `everynode install` prints, in an order in which it can be created. Pure: options in, objects out.
import { rolloutPolicyDefinition } from '../../api/index.ts';
import { accessObjects, namespaceObject } from './access.ts';
import { type InstallObject, labels } from './names.ts';
import type { InstallOptions } from './options.ts';
import { deployment, disruptionBudget, metricsService, serviceMonitor } from './workload.ts';

export function installObjects(options: InstallOptions): readonly InstallObject[] {
  return [
    ...(options.createNamespace ? [namespaceObject(options)] : []),
    definitionObject(options),
    ...accessObjects(options),
    disruptionBudget(options),
    metricsService(options),
    ...(options.serviceMonitor ? [serviceMonitor(options)] : []),
    deployment(options),
  ];
}

function definitionObject(options: InstallOptions): InstallObject {
  const { metadata, ...rest } = rolloutPolicyDefinition;
  return { ...rest, metadata: { ...metadata, labels: labels(options) } };
}
