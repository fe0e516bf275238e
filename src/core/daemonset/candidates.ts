// Nodes whose pod may be replaced, in the order in which they are: those that serve nothing new anyway first, then the
// zone with the fewest nodes in flux, then by node name. Deterministic, O(log n) to enter and to take, O(1) to leave.
import { BinaryHeap } from '../../api/index.ts';

interface Queue {
  readonly zone: string;
  readonly heap: BinaryHeap<string>;
  /** Names in the heap; those no longer in `members` are dropped when they surface. */
  readonly queued: Set<string>;
  readonly members: Set<string>;
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export class Candidates {
  readonly #queues = new Map<string, Queue>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(zone: string, name: string): void {
    let queue = this.#queues.get(zone);
    if (queue === undefined) {
      queue = { zone, heap: new BinaryHeap(byName), queued: new Set(), members: new Set() };
      this.#queues.set(zone, queue);
    }
    if (queue.members.has(name)) return;
    queue.members.add(name);
    this.#size++;
    if (queue.queued.has(name)) return;
    queue.queued.add(name);
    queue.heap.push(name);
  }

  remove(zone: string, name: string): void {
    const queue = this.#queues.get(zone);
    if (queue === undefined || !queue.members.delete(name)) return;
    this.#size--;
    if (queue.members.size === 0) this.#queues.delete(zone);
  }

  /** The first `count` names; they stay members. `busy` tells how many nodes of a zone are in flux already. */
  first(count: number, busy: (zone: string) => number): readonly string[] {
    if (count <= 0 || this.#size === 0) return [];
    const zones = new BinaryHeap<{ readonly queue: Queue; readonly load: number }>(
      (a, b) => a.load - b.load || byName(a.queue.zone, b.queue.zone),
    );
    for (const queue of this.#queues.values()) zones.push({ queue, load: busy(queue.zone) });
    const taken: { readonly queue: Queue; readonly name: string }[] = [];
    while (taken.length < count) {
      const entry = zones.pop();
      if (entry === undefined) break;
      const name = popMember(entry.queue);
      if (name === undefined) continue;
      taken.push({ queue: entry.queue, name });
      zones.push({ queue: entry.queue, load: entry.load + 1 });
    }
    for (const { queue, name } of taken) {
      queue.heap.push(name);
      queue.queued.add(name);
    }
    return taken.map(({ name }) => name);
  }
}

function popMember(queue: Queue): string | undefined {
  for (;;) {
    const name = queue.heap.pop();
    if (name === undefined) return undefined;
    queue.queued.delete(name);
    if (queue.members.has(name)) return name;
  }
}
