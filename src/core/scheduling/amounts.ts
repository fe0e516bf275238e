// What a pod asks of a node and what a node has to give: CPU in thousandths, the rest in bytes or pieces. Amounts are
// parsed once per pod or node, so that fitting is a handful of number comparisons. Knows nothing of nodes or verdicts.
import { type Container, parseQuantity, parseQuantityMilli, type PodSpec } from '../../api/index.ts';

/** Resource name → amount. `cpu` is in thousandths of a core, everything else in base units (bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>;

/** Quantities as written in a spec; what is no quantity counts as 0 (the API server refuses it long before). */
export function parseAmounts(quantities: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts = new Map<string, number>();
  for (const [name, text] of Object.entries(quantities ?? {}))
    amounts.set(name, (name === 'cpu' ? parseQuantityMilli(text) : parseQuantity(text)) ?? 0);
  return amounts;
}

/**
 * The requests of a whole pod (component-helpers resource.PodRequests): all containers and sidecars together, or the
 * neediest moment of the init sequence where that is more, plus the overhead of the pod's runtime class.
 */
export function podRequests(spec: PodSpec): Amounts {
  const total = new Map<string, number>();
  for (const container of spec.containers) add(total, requestsOf(container));
  const sidecars = new Map<string, number>();
  const neediestInit = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      // A sidecar keeps running: it weighs on every later init container and on the main containers.
      add(sidecars, requests);
      add(total, requests);
      raise(neediestInit, sidecars);
    } else {
      const together = new Map(sidecars);
      add(together, requests);
      raise(neediestInit, together);
    }
  }
  raise(total, neediestInit);
  add(total, parseAmounts(spec.overhead));
  return total;
}

/** What a pod that does not say counts for when nodes are compared (schedutil's non-zero requests); never for fitting. */
const assumedRequests: readonly (readonly [resource: string, amount: number])[] = [
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
];

/** Requests for comparing nodes, so that pods without requests spread too. */
export function podWeight(requests: Amounts): Amounts {
  return new Map(assumedRequests.map(([resource, amount]) => [resource, requests.get(resource) ?? amount]));
}

function requestsOf(container: Container): Amounts {
  return parseAmounts(container.resources?.requests);
}

function add(total: Map<string, number>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: Map<string, number>, atLeast: Amounts): void {
  for (const [name, amount] of atLeast) if (amount > (total.get(name) ?? 0)) total.set(name, amount);
}
