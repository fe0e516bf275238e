// Histories without faults, for the comparison with upstream: which steps stay, and the states that a world goes through.
import { controllerOf, resources } from '../../api/index.ts';
import { hashOf, isRevisionOf } from '../../core/daemonset/index.ts';
import type { Happening, History } from '../history.ts';
import type { World } from '../world.ts';
import type { State } from './state.ts';

const faults: ReadonlySet<Happening['kind']> = new Set([
  'weather',
  'stall',
  'cut',
  'compact',
  'restart-server',
  'clock-jump',
  'isolate',
  'crash',
]);
/** Of which upstream knows nothing. */
const policies: ReadonlySet<Happening['kind']> = new Set(['policy', 'pause', 'resume', 'approve', 'retry', 'unpolicy']);

/** One controller, and only what nodes, pods and users do. Time that faults took is kept. */
export function withoutFaults(history: History): History {
  let keptMs = 0;
  const steps = history.steps.flatMap((step) => {
    const afterMs = step.afterMs + keptMs;
    const isFault = faults.has(step.kind) || policies.has(step.kind);
    keptMs = isFault ? afterMs : 0;
    return isFault ? [] : [{ ...step, afterMs }];
  });
  const { seed, nodes, daemonSets } = history;
  return { seed, nodes, daemonSets, controllers: 1, leases: false, steps };
}

/** One for each DaemonSet whose template is recorded already; the controller makes no others. */
export function statesOf({ server, clock }: World): readonly State[] {
  return server.all(resources.daemonSets).flatMap((daemonSet) => {
    const { uid, deletionTimestamp } = daemonSet.metadata;
    if (deletionTimestamp !== undefined) return [];
    const current = server
      .all(resources.controllerRevisions)
      .find((entry) => controllerOf(entry.metadata)?.uid === uid && isRevisionOf(entry, daemonSet.spec.template));
    if (current === undefined) return [];
    const pods = server.all(resources.pods).filter((pod) => controllerOf(pod.metadata)?.uid === uid);
    const nodes = server.all(resources.nodes);
    return [{ daemonSet, currentHash: hashOf(current), nodes, pods, now: clock.now() }];
  });
}
