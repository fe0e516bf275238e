// What was opened, closed in the reverse order: each part may still use those that were there before it.

export interface Closer {
  add(close: () => Promise<void>): void;
  /** Closes everything, also when one of them fails; then rejects with the first failure. Safe to call again. */
  close(): Promise<void>;
}

export function createCloser(): Closer {
  const open: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    const failures: unknown[] = [];
    for (const close of open.toReversed()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return {
    add: (close) => open.push(close),
    close: () => (closing ??= closeAll()),
  };
}
