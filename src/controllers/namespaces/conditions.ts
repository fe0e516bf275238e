// What a terminating namespace says about what is still in the way, in kube-controller-manager's types, reasons and
// words (pkg/controller/namespace/deletion/status_condition_utils.go). Pure.
import { type Condition, findCondition, formatTime, type Resource, withCondition } from '../../api/index.ts';

export interface Remaining {
  readonly resource: Resource;
  readonly count: number;
  /** The finalizers on them, one entry per object and finalizer. */
  readonly finalizers: readonly string[];
}

/** The list with the three conditions brought up to date; the very same list when nothing about them changed. */
export function terminationConditions(
  conditions: readonly Condition[] | undefined,
  remaining: readonly Remaining[],
  failures: readonly Error[],
  nowMs: number,
): readonly Condition[] {
  const next = [contentFailure(failures), contentRemaining(remaining), finalizersRemaining(remaining)];
  const isSame = next.every((condition) => {
    const { status, reason, message } = findCondition(conditions, condition.type) ?? {};
    return status === condition.status && reason === condition.reason && message === condition.message;
  });
  if (isSame && conditions !== undefined) return conditions;
  const now = formatTime(nowMs);
  return next.reduce((list, condition) => withCondition(list, condition, now), conditions ?? []);
}

function contentFailure(failures: readonly Error[]): Condition {
  const type = 'NamespaceDeletionContentFailure';
  if (failures.length === 0)
    return {
      type,
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    };
  const message = `Failed to delete all resource types, ${failures.length} remaining: ${failures.map((failure) => failure.message).join(', ')}`;
  return { type, status: 'True', reason: 'ContentDeletionFailed', message };
}

function contentRemaining(remaining: readonly Remaining[]): Condition {
  const type = 'NamespaceContentRemaining';
  if (remaining.length === 0)
    return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' };
  const parts = remaining.map(({ resource, count }) => `${qualified(resource)} has ${count} resource instances`);
  return {
    type,
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: ${parts.toSorted().join(', ')}`,
  };
}

function finalizersRemaining(remaining: readonly Remaining[]): Condition {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const finalizer of remaining.flatMap(({ finalizers }) => finalizers))
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  if (counts.size === 0)
    return {
      type,
      status: 'False',
      reason: 'ContentHasNoFinalizers',
      message: 'All content-preserving finalizers finished',
    };
  const parts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return {
    type,
    status: 'True',
    reason: 'SomeFinalizersRemain',
    message: `Some content in the namespace has finalizers remaining: ${parts.toSorted().join(', ')}`,
  };
}

function qualified({ name, group }: Resource): string {
  return group === '' ? `${name}.` : `${name}.${group}`;
}
