// Status conditions: found by type; the transition time moves only when the status does.
import type { Condition, Timestamp } from './meta.ts';

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** The list with this condition set; other types keep their place, lastTransitionTime is kept while the status stays. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Condition,
  now: Timestamp,
): readonly Condition[] {
  const list = conditions ?? [];
  const before = findCondition(list, next.type);
  const moved = before === undefined || before.status !== next.status || before.lastTransitionTime === undefined;
  const condition: Condition = { ...next, lastTransitionTime: moved ? now : before.lastTransitionTime };
  return before === undefined
    ? [...list, condition]
    : list.map((entry) => (entry.type === next.type ? condition : entry));
}
