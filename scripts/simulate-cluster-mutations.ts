// Deliberate bugs of API server, store, scheduler and the other controllers, for the second mode of the simulator to find
// (simulate-mutations.ts).
import type { Mutation } from './simulate-mutations.ts';

export const clusterMutations: readonly Mutation[] = [
  {
    name: 'a leader writes on after its lease is lost',
    file: 'machinery/leader-election.ts',
    search: 'renewDeadlineMs: 10_000',
    replace: 'renewDeadlineMs: 40_000',
    seedsMax: 400,
  },
  {
    name: 'the store compares no revisions',
    file: 'store/memory.ts',
    search: 'if (current !== expected) throw new RevisionMismatchError(key, current);',
    replace: '',
    seedsMax: 20,
  },
  {
    name: 'a watch that resumes misses what happened meanwhile',
    file: 'store/versions.ts',
    search: 'this.#history.since(prefix, after)',
    replace: '[]',
    seedsMax: 20,
  },
  {
    name: 'who is deleted in the foreground does not wait for its dependents',
    file: 'controllers/garbage-collector/decide.ts',
    search: "if (isBlocked) return { action: 'nothing', reason: 'waits-for-dependents' };",
    replace: '',
    seedsFrom: 16,
    seedsMax: 20,
  },
  {
    name: 'who orphans its dependents goes before they are let go',
    file: 'controllers/garbage-collector/garbage-collector.ts',
    search: 'const dependents = [...graph.dependentsOf(object.uid)];',
    replace: 'const dependents: never[] = [];',
    seedsFrom: 21,
    seedsMax: 20,
  },
  {
    name: 'pods are evicted for taints that they tolerate',
    file: 'controllers/node-lifecycle/pod-eviction.ts',
    search: 'evictionDelayMs(taints, pod.tolerations)',
    replace: 'evictionDelayMs(taints, [])',
    seedsMax: 40,
  },
  {
    name: 'a pod whose binding failed counts as bound',
    file: 'controllers/scheduler/scheduler.ts',
    search: 'cluster.unassume(pod);',
    replace: '',
    seedsFrom: 16,
    seedsMax: 20,
  },
  {
    name: 'a delete of a version takes whatever version is there',
    file: 'apiserver/verbs/delete.ts',
    search: 'preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion',
    replace: 'false',
    seedsMax: 40,
  },
  {
    name: 'an update of a version goes over whatever version is there',
    file: 'apiserver/verbs/metadata.ts',
    search: "resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== before.metadata.resourceVersion",
    replace: 'false',
    seedsMax: 10,
  },
];
