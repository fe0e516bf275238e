// Should the daemon run on this node, may it go on running there, and if not, why not. A template is compiled once per
// generation into one predicate over nodes. Resources, ports, readiness and the unschedulable flag (other than through
// its taint) are deliberately not considered: the scheduler and the node decide those. (upstream-semantics: eligibility)
import { compileNodeSelector, findUntolerated, formatTaint, type PodSpec, type Taint } from '../../api/index.ts';
import { daemonTolerations } from './tolerations.ts';
import type { NodeView } from './views.ts';

export type Placement = (node: NodeView) => Verdict;

export interface Verdict {
  /** A pod belongs on this node. */
  readonly run: boolean;
  /** A pod that is there already may stay. */
  readonly stay: boolean;
  /** Why `run` is false; absent when it is true. */
  readonly obstacle?: Obstacle;
}

export type Obstacle =
  | { readonly kind: 'node-name'; readonly wanted: string }
  | {
      readonly kind: 'node-selector';
      readonly key: string;
      readonly wanted: string;
      readonly found: string | undefined;
    }
  | { readonly kind: 'node-affinity' }
  | { readonly kind: 'taint'; readonly taint: Taint };

const runs: Verdict = { run: true, stay: true };

export function compilePlacement(spec: PodSpec): Placement {
  const wantedName = spec.nodeName ?? '';
  const wantedLabels = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const affinity = required === undefined ? undefined : compileNodeSelector(required);
  const tolerations = daemonTolerations(spec);

  return (node) => {
    if (wantedName !== '' && wantedName !== node.name) return never({ kind: 'node-name', wanted: wantedName });
    for (const [key, wanted] of wantedLabels) {
      const found = Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
      if (found !== wanted) return never({ kind: 'node-selector', key, wanted, found });
    }
    if (affinity !== undefined && !affinity(node.labels, node.name)) return never({ kind: 'node-affinity' });

    // NoExecute drives running pods out; NoSchedule only keeps new ones away; PreferNoSchedule does neither.
    const drivesOut = findUntolerated(node.taints, tolerations, ['NoExecute']);
    if (drivesOut !== undefined) return never({ kind: 'taint', taint: drivesOut });
    const keepsAway = findUntolerated(node.taints, tolerations, ['NoSchedule']);
    if (keepsAway !== undefined) return { run: false, stay: true, obstacle: { kind: 'taint', taint: keepsAway } };
    return runs;
  };
}

function never(obstacle: Obstacle): Verdict {
  return { run: false, stay: false, obstacle };
}

/** The obstacle in words, for explain, events and conditions. */
export function describeObstacle(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'node-name':
      return `the template's spec.nodeName asks for node ${obstacle.wanted}`;
    case 'node-selector':
      return obstacle.found === undefined
        ? `the template's nodeSelector wants label ${obstacle.key}=${obstacle.wanted}, which the node does not have`
        : `the template's nodeSelector wants label ${obstacle.key}=${obstacle.wanted}, the node has ${obstacle.key}=${obstacle.found}`;
    case 'node-affinity':
      return "the template's required node affinity does not match the node's labels or name";
    case 'taint':
      return `the node has the taint ${formatTaint(obstacle.taint)}, which the template does not tolerate`;
  }
}
