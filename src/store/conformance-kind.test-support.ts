// What the conformance suite is told of a kind of store, and the watch it listens with. Only tests import this.
import type { Store, StoreEvent, WatchHandler } from './store.ts';

export interface StoreKind {
  readonly name: string;
  /** A new, empty store that keeps this many events (or more, when it keeps them some other way). */
  open(historyEventsMax?: number): Promise<Store>;
  /** Is `historyEventsMax` kept to exactly? */
  readonly boundsHistory: boolean;
  /** Do writes issued together, without waiting, take effect in the order they were issued in? */
  readonly keepsIssueOrder: boolean;
  /** Property runs: fewer for a kind that is slow to open. */
  readonly propertyRuns: number;
}

/** A watch that writes down what it hears. */
export class Recorder implements WatchHandler {
  readonly heard: StoreEvent[] = [];
  ended: { error: Error | undefined } | undefined;
  #waiting: { key: string; resolve: () => void }[] = [];

  events(events: readonly StoreEvent[]): void {
    this.heard.push(...events);
    this.#waiting = this.#waiting.filter(({ key, resolve }) => {
      const found = events.some((event) => event.key === key);
      if (found) resolve();
      return !found;
    });
  }

  end(error?: Error): void {
    this.ended = { error };
  }

  /** Resolves when an event of this key was heard. */
  async saw(key: string): Promise<void> {
    if (this.heard.some((event) => event.key === key)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ key, resolve }));
  }

  summary(): string[] {
    return this.heard.map(({ type, key, value, previous }) => {
      const before = previous === undefined ? '' : ` was ${JSON.stringify(previous)}`;
      return `${type} ${key} ${JSON.stringify(value)}${before}`;
    });
  }
}

/** What a watch is refused with: thrown, or told to its handler by a store that has to ask a server first. */
export function refusedWatch(store: Store, prefix: string, after: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const events = (): void => reject(new Error(`the watch after revision ${after} was not refused`));
    try {
      store.watch(prefix, after, { events, end: resolve });
    } catch (error) {
      resolve(error);
    }
  });
}
