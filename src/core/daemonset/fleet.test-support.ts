// A ledger with a made-up fleet around it that does at once, and without failing, what a plan says: created pods appear
// unready, deleted ones are gone. Tests move pods on themselves. (world.test-support.ts is the one with delays and faults)
import { node, now, pod, second } from './builders.test-support.ts';
import { Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';
import type { Target } from './target.ts';
import type { NodeView, PodView } from './views.ts';

export interface Fleet {
  readonly ledger: Ledger;
  readonly pods: ReadonlyMap<string, PodView>;
  time: number;
  readonly put: (pod: PodView) => void;
  readonly drop: (pod: PodView) => void;
  /** Makes a plan, carries it out, and returns it. */
  readonly step: () => Plan;
  /** Steps, with all pods made ready and a second passing in between, until a plan is empty; the plans that were not. */
  readonly settle: (roundsMax?: number) => readonly Plan[];
  readonly on: (node: string) => readonly PodView[];
}

export function nodeNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `node-${String(index).padStart(2, '0')}`);
}

/** @param oldPods whether every node has a serving pod of revision `old` to begin with */
export function fleet(
  target: Target,
  nodes: readonly NodeView[],
  oldPods: boolean | ((node: NodeView) => readonly PodView[]) = false,
): Fleet {
  const ledger = new Ledger();
  const pods = new Map<string, PodView>();
  ledger.retarget(target, now);
  const made: Fleet = {
    ledger,
    pods,
    time: now,
    put(pod) {
      pods.set(pod.uid, pod);
      ledger.setPod(pod, made.time);
    },
    drop(pod) {
      pods.delete(pod.uid);
      ledger.removePod(pod.uid, made.time);
    },
    step() {
      ledger.advance(made.time);
      const plan = ledger.plan();
      for (const action of [...plan.deletes, ...plan.creates]) ledger.sent(action, made.time);
      for (const { uid } of plan.deletes) {
        pods.delete(uid);
        ledger.removePod(uid, made.time);
      }
      for (const { name, node, revision } of plan.creates)
        made.put(
          pod(name, {
            // A name may come again, a UID never does.
            uid: `${name}-${made.time}`,
            node,
            revision,
            ready: false,
            readyChangedAt: undefined,
            createdAt: made.time,
            startedAt: made.time,
          }),
        );
      return plan;
    },
    settle(roundsMax = 100) {
      const plans: Plan[] = [];
      for (let plan = made.step(); plan.creates.length + plan.deletes.length > 0; plan = made.step()) {
        plans.push(plan);
        if (plans.length > roundsMax) throw new Error(`not settled after ${roundsMax} rounds`);
        made.time += second;
        for (const pod of pods.values()) if (!pod.ready) made.put({ ...pod, ready: true, readyChangedAt: made.time });
      }
      return plans;
    },
    on: (name) => [...pods.values()].filter(({ node }) => node === name),
  };
  for (const view of nodes) ledger.setNode(view, now);
  const initial =
    oldPods === true ? (view: NodeView) => [pod(`old-${view.name}`, { node: view.name, revision: 'old' })] : oldPods;
  if (initial !== false) for (const view of nodes) for (const old of initial(view)) made.put(old);
  return made;
}

export const nodesOf = (actions: readonly { readonly node: string }[]): readonly string[] =>
  actions.map(({ node }) => node);

export const manyNodes = (count: number): readonly NodeView[] => nodeNames(count).map((name) => node(name));
