// Everything that `everynode install` prints, in an order in which it can be created. Pure: options in, objects out.
import { accessObjects, namespaceObject } from './access.ts';
import type { InstallObject } from './names.ts';
import type { InstallOptions } from './options.ts';
import { deployment, disruptionBudget, metricsService, serviceMonitor } from './workload.ts';

export function installObjects(options: InstallOptions): readonly InstallObject[] {
  return [
    ...(options.createNamespace ? [namespaceObject(options)] : []),
    ...accessObjects(options),
    disruptionBudget(options),
    metricsService(options),
    ...(options.serviceMonitor ? [serviceMonitor(options)] : []),
    deployment(options),
  ];
}
