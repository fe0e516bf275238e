// Deliberate bugs about where pods belong, which of several stays, what a pod is made of, and which revisions stay, for the
// simulator to find (simulate-mutations.ts).
import type { Mutation } from './simulate-mutations.ts';

export const placementAndHistoryMutations: readonly Mutation[] = [
  {
    name: 'pods that wait for a node that is gone stay',
    file: 'core/daemonset/assess.ts',
    search: '[...live, ...finished].filter((pod) => !pod.bound),',
    replace: '[...live, ...finished].filter(() => false),',
    seedsFrom: 41,
    seedsMax: 40,
  },
  {
    name: 'with surge a third pod stands beside one whose deletion was lost',
    file: 'core/daemonset/assess.ts',
    search: 'const crowded = surge && standing(slot.pods) >= standingMax;',
    replace: 'const crowded = false;',
    seedsMax: 60,
  },
  {
    name: 'a node that died of the newest revision does not hold the rollout',
    file: 'core/daemonset/attribution.ts',
    search: 'return downSince >= updated.createdAt - target.graceMs - replacementSlackMs ? counted : excused;',
    replace: 'return excused;',
    seedsMax: 100,
  },
  {
    name: 'of two pods the older stays, whichever serves',
    file: 'core/daemonset/fate.ts',
    search: 'isAvailable(pod, target.minReadyMs, now) ? 2 : pod.ready ? 1 : 0',
    replace: '0',
    seedsFrom: 1201,
    seedsMax: 100,
  },
  {
    name: 'of two pods the one that is bound goes',
    file: 'core/daemonset/fate.ts',
    search: 'a.bound ? -1 : 1',
    replace: 'a.bound ? 1 : -1',
    seedsFrom: 41,
    seedsMax: 100,
  },
  {
    name: 'what has failed stays on a node that it should leave',
    file: 'core/daemonset/assess.ts',
    search: "remove([...live, ...finished], 'unwanted')",
    replace: "remove(live, 'unwanted')",
    seedsFrom: 41,
    seedsMax: 40,
  },
  {
    name: 'NoExecute keeps new pods away and drives none out',
    file: 'core/daemonset/placement.ts',
    search: "if (drivesOut !== undefined) return never({ kind: 'taint', taint: drivesOut });",
    replace:
      "if (drivesOut !== undefined) return { run: false, stay: true, obstacle: { kind: 'taint', taint: drivesOut } };",
    seedsMax: 100,
  },
  {
    name: 'a node selector asks for the label and not for its value',
    file: 'core/daemonset/placement.ts',
    search: 'if (found !== wanted) return',
    replace: 'if (found === undefined && found !== wanted) return',
    seedsMax: 100,
  },
  {
    name: 'a taint is no change of a node',
    file: 'core/daemonset/views.ts',
    search: 'sameTaints(a.taints, b.taints)',
    replace: 'true',
    seedsMax: 60,
  },
  {
    name: 'pods tolerate only what their template does',
    file: 'core/daemonset/pod.ts',
    search: 'tolerations: daemonTolerations(template.spec)',
    replace: 'tolerations: template.spec.tolerations ?? []',
    seedsMax: 5,
  },
  {
    name: 'of old revisions the newest go first',
    file: 'core/daemonset/history.ts',
    search: '-newestFirst(a, b))',
    replace: 'newestFirst(a, b))',
    seedsMax: 60,
  },
  {
    name: 'one more revision is pruned than may go',
    file: 'core/daemonset/history.ts',
    search: 'const excess = old.length - (',
    replace: 'const excess = 1 + old.length - (',
    seedsMax: 60,
  },
  {
    name: 'an undo leaves the numbers of revisions as they are',
    file: 'core/daemonset/history.ts',
    search: 'kept.revision < next ? next : undefined',
    replace: 'undefined',
    seedsMax: 60,
  },
  {
    name: 'the numbers of one generation are written over the next',
    file: 'controllers/daemonset/status-writer.ts',
    search: 'live.metadata.uid !== tracked.uid || live.metadata.generation !== target.generation',
    replace: 'live.metadata.uid !== tracked.uid',
    seedsMax: 60,
  },
];
