// What is fuzzed, and how: seeds one after the other, each input bounded in time, with its seed told when it fails.

/** Throws when the input did what no input may. Inputs follow from the seed alone. */
export type Run = (seed: number) => unknown;

export interface Target {
  readonly name: string;
  open(): Promise<{ readonly run: Run; close(): Promise<void> }>;
}

export interface Limits {
  readonly firstSeed: number;
  readonly inputsMax: number;
  readonly msMax: number;
}

/** Far more than any input takes, on a busy machine too. */
const inputMsMax = 5000;

/** Returns how many inputs were tried. Rejects with the first one that fails. */
export async function fuzz(target: Target, { firstSeed, inputsMax, msMax }: Limits): Promise<number> {
  let unhandled: unknown;
  const onUnhandled = (error: unknown) => {
    unhandled ??= error;
  };
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);
  const opened = await target.open();
  const started = performance.now();
  let tried = 0;
  try {
    for (; tried < inputsMax && performance.now() - started < msMax; tried++) {
      const seed = firstSeed + tried;
      const began = performance.now();
      try {
        await opened.run(seed);
        const ms = performance.now() - began;
        if (ms > inputMsMax) throw new Error(`one input took ${Math.round(ms)} ms`);
        if (unhandled !== undefined) throw unhandled;
      } catch (error) {
        // From the first seed on: what came before may have left something behind that is part of it.
        const again = `npm run fuzz -- --target ${target.name} --seed ${firstSeed} --inputs ${tried + 1}`;
        throw new Error(`${target.name}, seed ${seed} (${again}): ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  } finally {
    await opened.close();
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    process.off('uncaughtException', onUnhandled);
  }
  if (unhandled !== undefined) throw new Error(`${target.name}: unhandled`, { cause: unhandled });
  return tried;
}

/** A target that needs no set-up. */
export const simple = (name: string, run: Run): Target => ({
  name,
  open: () => Promise.resolve({ run, close: () => Promise.resolve() }),
});
