// Many keys, each due at a time, one armed timer. Moving a key to a later time (a heartbeat, a renewed lease) costs
// O(1) and allocates nothing; the heap is corrected when the old time comes.
import { BinaryHeap } from '../api/index.ts';
import type { Clock } from './clock.ts';

export interface TimerHeap<K> {
  /** Makes the key due at this time (milliseconds since the epoch), replacing any earlier arrangement. */
  set(key: K, dueMs: number): void;
  delete(key: K): void;
  /** When the key is due, if it is waiting. */
  due(key: K): number | undefined;
  readonly size: number;
  /** Forgets every key and disarms the timer. */
  clear(): void;
}

interface Entry<K> {
  readonly key: K;
  due: number;
  /** The due time of the one heap slot that stands for this entry; other slots are leftovers. */
  slot: Slot<K> | undefined;
}

interface Slot<K> {
  readonly due: number;
  readonly sequence: number;
  readonly entry: Entry<K>;
}

/** @param onDue called once per key when its time has come, in order of time; the key is no longer waiting then. */
export function createTimerHeap<K>(clock: Clock, onDue: (key: K) => void): TimerHeap<K> {
  const entries = new Map<K, Entry<K>>();
  const slots = new BinaryHeap<Slot<K>>((a, b) => a.due - b.due || a.sequence - b.sequence);
  let sequence = 0;
  let armedFor = Number.POSITIVE_INFINITY;
  let disarm = () => {};

  const push = (entry: Entry<K>) => {
    entry.slot = { due: entry.due, sequence: sequence++, entry };
    slots.push(entry.slot);
  };

  const arm = () => {
    const next = slots.peek()?.due ?? Number.POSITIVE_INFINITY;
    if (next >= armedFor) return;
    disarm();
    armedFor = next;
    disarm = clock.after(next - clock.now(), fire);
  };

  const fire = () => {
    armedFor = Number.POSITIVE_INFINITY;
    const now = clock.now();
    for (let slot = slots.peek(); slot !== undefined && slot.due <= now; slot = slots.peek()) {
      slots.pop();
      const { entry } = slot;
      if (entry.slot !== slot) continue;
      if (entry.due > now) {
        push(entry);
        continue;
      }
      entry.slot = undefined;
      entries.delete(entry.key);
      onDue(entry.key);
    }
    arm();
  };

  return {
    set(key, dueMs) {
      const entry = entries.get(key) ?? { key, due: dueMs, slot: undefined };
      entries.set(key, entry);
      entry.due = dueMs;
      if (entry.slot === undefined || dueMs < entry.slot.due) push(entry);
      arm();
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entry.slot = undefined;
      entries.delete(key);
    },
    due: (key) => entries.get(key)?.due,
    get size() {
      return entries.size;
    },
    clear() {
      for (const entry of entries.values()) entry.slot = undefined;
      entries.clear();
      while (slots.size > 0) slots.pop();
      disarm();
      armedFor = Number.POSITIVE_INFINITY;
    },
  };
}
