// Which of the cluster's controllers run, as kube-controller-manager's --controllers says it: `*` all, `name` this one,
// `-name` all but this one. Whoever wants to try another controller against this cluster leaves ours out.
import { ClusterStartError } from './start-error.ts';

/** Upstream's names, each with the short one it had before Kubernetes 1.28. The scheduler is a program of its own there. */
export const controllerNames = {
  'daemonset-controller': 'daemonset',
  'disruption-controller': 'disruption',
  'garbage-collector-controller': 'garbagecollector',
  'namespace-controller': 'namespace',
  'node-lifecycle-controller': 'nodelifecycle',
  'pod-garbage-collector-controller': 'podgc',
  'serviceaccount-controller': 'serviceaccount',
  'kube-scheduler': 'scheduler',
} as const;

export type ControllerName = keyof typeof controllerNames;

const all = Object.keys(controllerNames) as ControllerName[];

/** Throws a ClusterStartError for a name that there is not. */
export function selectControllers(list: readonly string[]): ReadonlySet<ControllerName> {
  const wanted = new Set<ControllerName>(list.includes('*') ? all : []);
  for (const entry of list) {
    if (entry === '*') continue;
    const without = entry.startsWith('-');
    const text = without ? entry.slice(1) : entry;
    const name = all.find((candidate) => candidate === text || controllerNames[candidate] === text);
    if (name === undefined)
      throw new ClusterStartError(`there is no controller '${text}'; there are ${all.join(', ')}, and * for all`);
    // As upstream: a name that is mentioned both ways is off.
    if (without) wanted.delete(name);
    else if (!list.includes(`-${name}`) && !list.includes(`-${controllerNames[name]}`)) wanted.add(name);
  }
  return wanted;
}
