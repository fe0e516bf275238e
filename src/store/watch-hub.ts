// Hands events to the watches that want them: in revision order, without gaps, in batches, and never inside the write
// that made them. Watches with one prefix form a group and share the batch; finding the groups of an event costs one
// lookup per distinct prefix length, however many watches there are.
import type { StoreEvent, WatchHandler } from './store.ts';

interface Watch {
  readonly handler: WatchHandler;
  /** Events up to this revision are in `replay` or not wanted. */
  readonly since: number;
  /** Older events still to be handed over, before any newer one. */
  replay: readonly StoreEvent[];
}

interface Group {
  readonly prefix: string;
  readonly watches: Set<Watch>;
}

export class WatchHub {
  readonly #groups = new Map<string, Group>();
  /** The distinct lengths of the groups' prefixes, ascending. */
  #prefixLengths: readonly number[] = [];
  #pending: StoreEvent[] = [];
  #newcomers: Watch[] = [];
  #isScheduled = false;

  publish(event: StoreEvent): void {
    if (this.#groups.size === 0) return;
    this.#pending.push(event);
    this.#schedule();
  }

  /** The first call to the handler is never made from inside this one. */
  add(prefix: string, since: number, replay: readonly StoreEvent[], handler: WatchHandler): () => void {
    const watch: Watch = { handler, since, replay };
    let group = this.#groups.get(prefix);
    if (group === undefined) {
      group = { prefix, watches: new Set() };
      this.#groups.set(prefix, group);
      this.#measurePrefixes();
    }
    group.watches.add(watch);
    if (replay.length > 0) {
      this.#newcomers.push(watch);
      this.#schedule();
    }
    return () => this.#remove(group, watch);
  }

  /** Delivers what is pending, then ends every watch. A handler may call it. */
  async end(error?: Error): Promise<void> {
    await Promise.resolve(); // Out of the handler: a flush inside a flush would hand over newer events first.
    this.#flush();
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    this.#prefixLengths = [];
    for (const group of groups) for (const watch of group.watches) guarded(() => watch.handler.end(error));
  }

  #remove(group: Group, watch: Watch): void {
    group.watches.delete(watch);
    watch.replay = [];
    if (group.watches.size > 0 || this.#groups.get(group.prefix) !== group) return;
    this.#groups.delete(group.prefix);
    this.#measurePrefixes();
  }

  #measurePrefixes(): void {
    const lengths = new Set([...this.#groups.keys()].map((prefix) => prefix.length));
    this.#prefixLengths = [...lengths].sort((a, b) => a - b);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const events = this.#pending;
    const newcomers = this.#newcomers;
    this.#pending = [];
    this.#newcomers = [];
    // Sorted out before any handler runs: handlers may write, watch and stop.
    const batches = this.#batches(events);
    for (const watch of newcomers) {
      const { replay } = watch;
      watch.replay = [];
      this.#deliver(watch, replay, true);
    }
    for (const [group, batch] of batches)
      for (const watch of group.watches) {
        const isNewer = batch[0]!.revision > watch.since;
        this.#deliver(watch, isNewer ? batch : batch.filter((event) => event.revision > watch.since));
      }
  }

  #batches(events: readonly StoreEvent[]): Map<Group, StoreEvent[]> {
    const batches = new Map<Group, StoreEvent[]>();
    for (const event of events)
      for (const length of this.#prefixLengths) {
        if (length > event.key.length) break;
        const group = this.#groups.get(event.key.slice(0, length));
        if (group === undefined) continue;
        const batch = batches.get(group);
        if (batch === undefined) batches.set(group, [event]);
        else batch.push(event);
      }
    return batches;
  }

  #deliver(watch: Watch, events: readonly StoreEvent[], isReplay = false): void {
    if (events.length > 0) guarded(() => watch.handler.events(events, isReplay));
  }
}

/** A handler that throws is a defect: it goes up as an uncaught exception, and the other watches lose nothing by it. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
