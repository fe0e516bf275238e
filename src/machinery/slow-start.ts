// Many tasks of one kind in batches of 1, 2, 4 …: when the first of them meets a wall (a quota, a refused template), the
// others are not thrown at it too (kube-controller-manager's slowStartBatch).

export interface SlowStartOutcome<T> {
  readonly succeeded: readonly T[];
  readonly failed: readonly { readonly item: T; readonly error: unknown }[];
  /** After the batch in which something failed. */
  readonly notTried: readonly T[];
}

/** Runs the task for each item; stops after the first batch with a failure. Never rejects. */
export async function slowStart<T>(
  items: readonly T[],
  task: (item: T) => Promise<unknown>,
): Promise<SlowStartOutcome<T>> {
  const succeeded: T[] = [];
  const failed: { item: T; error: unknown }[] = [];
  let start = 0;
  for (let size = 1; start < items.length && failed.length === 0; size *= 2) {
    const batch = items.slice(start, start + size);
    start += batch.length;
    const results = await Promise.allSettled(batch.map(task));
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') succeeded.push(batch[index]!);
      else failed.push({ item: batch[index]!, error: result.reason });
    }
  }
  return { succeeded, failed, notTried: items.slice(start) };
}
