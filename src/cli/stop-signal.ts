// Ctrl-C, `kill`, and a reader that goes away (`everynode up | head`) as one AbortSignal.

/** npm, a shell and the terminal may each pass on the same Ctrl-C; only a later one means "at once". */
const sameKeyPressMs = 1_000;

export interface StopSignal {
  readonly signal: AbortSignal;
  /** Stops listening: from here on signals end the process as usual. */
  close(): void;
}

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, and when nobody reads stdout any more. A second signal, a moment later,
 * ends the process at once with 130.
 */
export function listenForStop(now: () => number): StopSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const stop = () => {
    if (firstAt === undefined) {
      firstAt = now();
      controller.abort();
    } else if (now() - firstAt >= sameKeyPressMs) process.exit(130);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, stop);
  const unread = () => controller.abort();
  process.stdout.on('error', unread);
  return {
    signal: controller.signal,
    close() {
      for (const name of signals) process.off(name, stop);
      process.stdout.off('error', unread);
    },
  };
}
