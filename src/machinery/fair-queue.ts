// Things that wait for the same room, in flows: urgent flows before the others, flows of one kind in turn, a flow's own
// things in order of arrival. So a flow with thousands waiting does not hold up one with a few. O(1) each.

export interface FairQueue<T> {
  push(item: T, flow: string, urgent: boolean): void;
  /** Takes it out; false when it is not there (any more). */
  remove(item: T, flow: string, urgent: boolean): boolean;
  /** Takes out the next one. */
  shift(): T | undefined;
  readonly size: number;
}

export function createFairQueue<T>(): FairQueue<T> {
  // Flows stand in the order of their turns, each with its things in order of arrival.
  const urgentFlows = new Map<string, Set<T>>();
  const otherFlows = new Map<string, Set<T>>();
  const flowsOf = (urgent: boolean) => (urgent ? urgentFlows : otherFlows);
  let size = 0;

  const take = (flows: Map<string, Set<T>>): T | undefined => {
    for (const [flow, items] of flows) {
      const [item] = items;
      items.delete(item!);
      size--;
      // Its next turn comes after everybody else's.
      flows.delete(flow);
      if (items.size > 0) flows.set(flow, items);
      return item;
    }
    return undefined;
  };

  return {
    push(item, flow, urgent) {
      const flows = flowsOf(urgent);
      const items = flows.get(flow);
      if (items === undefined) flows.set(flow, new Set([item]));
      else items.add(item);
      size++;
    },
    remove(item, flow, urgent) {
      const flows = flowsOf(urgent);
      const items = flows.get(flow);
      if (items?.delete(item) !== true) return false;
      if (items.size === 0) flows.delete(flow);
      size--;
      return true;
    },
    shift: () => take(urgentFlows) ?? take(otherFlows),
    get size() {
      return size;
    },
  };
}
