// The tolerations every daemon pod gets by itself, so that it starts on nodes that are not (yet) fit for others.
// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
import { type PodSpec, taintKeys, type Toleration } from '../../api/index.ts';

const exists = (key: string, effect: string): Toleration => ({ key, operator: 'Exists', effect });

const always: readonly Toleration[] = [
  exists(taintKeys.notReady, 'NoExecute'),
  exists(taintKeys.unreachable, 'NoExecute'),
  exists(taintKeys.diskPressure, 'NoSchedule'),
  exists(taintKeys.memoryPressure, 'NoSchedule'),
  exists(taintKeys.pidPressure, 'NoSchedule'),
  exists(taintKeys.unschedulable, 'NoSchedule'),
];
/** A daemon in the host's network may be the one that brings the network up. */
const onHostNetwork = exists(taintKeys.networkUnavailable, 'NoSchedule');

/**
 * The template's tolerations with the automatic ones: the template's order is kept, one that says the same but for
 * tolerationSeconds is replaced in place (daemons tolerate forever), missing ones follow.
 */
export function daemonTolerations(spec: PodSpec): readonly Toleration[] {
  let result = spec.tolerations ?? [];
  for (const toleration of spec.hostNetwork === true ? [...always, onHostNetwork] : always) {
    const known = result.some((existing) => matches(existing, toleration));
    result = known
      ? result.map((existing) => (matches(existing, toleration) ? toleration : existing))
      : [...result, toleration];
  }
  return result;
}

/** Toleration.MatchToleration: equal in everything but tolerationSeconds. */
function matches(a: Toleration, b: Toleration): boolean {
  return (
    (a.key ?? '') === (b.key ?? '') &&
    (a.effect ?? '') === (b.effect ?? '') &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '')
  );
}
