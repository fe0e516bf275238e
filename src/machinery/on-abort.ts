// One listener per signal, however many wait for it: thousands of requests share the signal of their controller, and
// each add and remove of an event listener walks the list of those before it.

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once when the signal aborts, which it has not yet; the returned function takes that back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    callbacks = all;
    waiting.set(signal, all);
    signal.addEventListener(
      'abort',
      () => {
        for (const call of all) call();
        all.clear();
      },
      { once: true },
    );
  }
  const own = () => callback();
  callbacks.add(own);
  return () => void callbacks.delete(own);
}
