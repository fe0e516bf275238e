// The taints that stand for a node's state. Node-lifecycle owns exactly these keys and effects: it adds what the state
// calls for, removes what it no longer calls for, and leaves everybody else's taints alone.
// https://kubernetes.io/docs/reference/labels-annotations-taints/ (node.kubernetes.io/…)
import { findCondition, type Node, type Taint, taintKeys, type Timestamp } from '../../api/index.ts';

interface Rule {
  readonly key: string;
  readonly effects: readonly string[];
  readonly applies: (node: Node) => boolean;
}

const whenCondition = (type: string, status: string) => (node: Node) =>
  findCondition(node.status?.conditions, type)?.status === status;

/** A lost or unready node also evicts (NoExecute); pressure and cordon only keep new pods away (NoSchedule). */
const rules: readonly Rule[] = [
  { key: taintKeys.notReady, effects: ['NoSchedule', 'NoExecute'], applies: whenCondition('Ready', 'False') },
  { key: taintKeys.unreachable, effects: ['NoSchedule', 'NoExecute'], applies: whenCondition('Ready', 'Unknown') },
  { key: taintKeys.memoryPressure, effects: ['NoSchedule'], applies: whenCondition('MemoryPressure', 'True') },
  { key: taintKeys.diskPressure, effects: ['NoSchedule'], applies: whenCondition('DiskPressure', 'True') },
  { key: taintKeys.pidPressure, effects: ['NoSchedule'], applies: whenCondition('PIDPressure', 'True') },
  {
    key: taintKeys.networkUnavailable,
    effects: ['NoSchedule'],
    applies: whenCondition('NetworkUnavailable', 'True'),
  },
  { key: taintKeys.unschedulable, effects: ['NoSchedule'], applies: (node) => node.spec?.unschedulable === true },
];

/**
 * The taints the node should carry, or undefined when it already does. Kept taints keep their timeAdded and place.
 * not-ready and unreachable exclude each other, as Ready has one status.
 */
export function wantedTaints(node: Node, now: Timestamp): readonly Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = rules
    .filter((rule) => rule.applies(node))
    .flatMap(({ key, effects }) => effects.map((effect): Taint => ({ key, effect, timeAdded: now })));
  const kept = current.filter((taint) => !isOwned(taint) || wanted.some((other) => isSame(taint, other)));
  const added = wanted.filter((taint) => !current.some((other) => isSame(taint, other)));
  return added.length === 0 && kept.length === current.length ? undefined : [...kept, ...added];
}

function isOwned({ key, effect }: Taint): boolean {
  return rules.some((rule) => rule.key === key && rule.effects.includes(effect));
}

function isSame(left: Taint, right: Taint): boolean {
  return left.key === right.key && left.effect === right.effect;
}
