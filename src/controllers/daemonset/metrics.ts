// The controller's numbers for Prometheus. Everything but the time of a sync is read when somebody asks.
import type { Metrics, Sample } from '../../observe/index.ts';
import type { DaemonSetInspection, Inspection } from './inspect.ts';
import type { SelfCheck } from './self-check.ts';

/**
 * @param look the controller as it stands; undefined while none runs, as in a replica that does not lead
 * @returns to be given to the controller as `onSync`
 */
export function registerMetrics(
  metrics: Metrics,
  look: () => Inspection | undefined,
): (seconds: number, failed: boolean) => void {
  const one = (name: string, help: string, read: (inspection: Inspection) => number) =>
    metrics.gauge(name, help, [], () => {
      const inspection = look();
      return inspection === undefined ? [] : [{ value: read(inspection) }];
    });
  const each = (
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (daemonSet: DaemonSetInspection) => Iterable<Sample>,
  ) =>
    metrics.gauge(name, help, ['namespace', 'daemonset', ...labelNames], () =>
      (look()?.daemonSets ?? []).flatMap((daemonSet) =>
        Array.from(read(daemonSet), ({ labels, value }) => ({
          labels: { namespace: daemonSet.namespace, daemonset: daemonSet.name, ...labels },
          value,
        })),
      ),
    );

  one('everynode_queue_depth', 'DaemonSets waiting for a sync.', ({ queueDepth }) => queueDepth);
  one('everynode_writes_limit', 'Writes that may be under way, as the API server bears.', ({ writes }) => writes.limit);
  one('everynode_writes_under_way', 'Writes sent and not yet answered.', ({ writes }) => writes.underWay);
  one('everynode_writes_waiting', 'Writes waiting for room.', ({ writes }) => writes.waiting);
  each('everynode_daemonset_nodes', 'Nodes by what is going on there.', ['state'], ({ states }) =>
    Array.from(states, ([state, value]) => ({ labels: { state }, value })),
  );
  each('everynode_daemonset_pods', 'The numbers of the status.', ['count'], ({ counts }) =>
    shownCounts.map((count) => ({ labels: { count }, value: counts[count] })),
  );
  each('everynode_rollout_outdated_nodes', 'Nodes that wait for the rollout.', [], ({ outdated }) => [
    { value: outdated },
  ]);
  each(
    'everynode_rollout_stalled_seconds',
    'Since the DaemonSet last came nearer to what is wanted; 0 when nothing is.',
    [],
    ({ stalledSeconds }) => [{ value: stalledSeconds }],
  );
  each('everynode_rollout_phase', 'Where the rollout is by its RolloutPolicy: 1.', ['phase'], ({ phase }) =>
    phase === undefined ? [] : [{ labels: { phase }, value: 1 }],
  );
  const observe = metrics.histogram('everynode_sync_seconds', 'How long a sync of one DaemonSet took.', ['result']);
  return (seconds, failed) => observe({ result: failed ? 'failed' : 'done' }, seconds);
}

/** @returns to be given to the controller as `onSelfCheck` */
export function registerSelfCheckMetrics(metrics: Metrics): (check: SelfCheck) => void {
  const checks = metrics.counter(
    'everynode_self_checks_total',
    'Comparisons of the picture of the cluster with a fresh list, by what they found.',
    ['result'],
  );
  const objects = metrics.counter(
    'everynode_ledger_drift_objects_total',
    'Objects in which the picture, or a ledger made of it, differed from the API server. Anything but 0 is a bug.',
    ['place', 'resource', 'kind'],
  );
  return ({ result, drift }) => {
    checks({ result });
    for (const { place, resource, kind } of drift) objects({ place, resource, kind });
  };
}

const shownCounts = ['desired', 'current', 'ready', 'available', 'updated', 'misscheduled'] as const;
