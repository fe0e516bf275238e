// A crash between any two writes: short scenes, each run once for every write that it makes, with the controller dying at
// that write and starting again with empty memory. What was on its way arrives or does not, by the seed. What histories
// of chance reach sooner or later is here gone through from end to end.
import type { DaemonSetUpdateStrategy, RolloutPolicySpec } from '../api/index.ts';
import type { Happening, History, Step } from './history.ts';
import { idleMsMax } from './lives.ts';
import { type Mode, runHistory } from './run.ts';
import { calm, type Weather } from './weather.ts';

export interface Scene {
  readonly name: string;
  readonly strategy: DaemonSetUpdateStrategy;
  /** Before: the controller lives through it. */
  readonly before: readonly Step[];
  /** The controller dies at each of its writes from the beginning of this on. */
  readonly steps: readonly Step[];
}

const strategyOf = (maxUnavailable: number, maxSurge: number): DaemonSetUpdateStrategy => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable, maxSurge },
});
const after = (afterMs: number, happening: Happening): Step => ({ afterMs, ...happening });
const name = 'log';
const launchMs = 12_000;
const secondTemplate = { kind: 'template', name, image: '2', pool: undefined } as const;
const rolledOut = [after(launchMs, secondTemplate), after(launchMs, { kind: 'cut' })];

const policy = 'log';

/** Launched, with a policy whose first revision is proven. */
function underPolicy(rest: Omit<RolloutPolicySpec, 'targetRef'>): readonly Step[] {
  const targetRef = { apiVersion: 'apps/v1', kind: 'DaemonSet', name };
  return [after(launchMs, { kind: 'policy', policy, spec: { targetRef, ...rest } }), after(launchMs, { kind: 'cut' })];
}

export const scenes: readonly Scene[] = [
  { name: 'a launch', strategy: strategyOf(1, 0), before: [], steps: [] },
  {
    name: 'a rollout',
    strategy: strategyOf(1, 0),
    before: [after(launchMs, { kind: 'cut' })],
    steps: [after(0, secondTemplate)],
  },
  {
    name: 'a surge',
    strategy: strategyOf(0, 1),
    before: [after(launchMs, { kind: 'cut' })],
    steps: [after(0, secondTemplate)],
  },
  {
    name: 'an undo, with a history of one',
    strategy: strategyOf(2, 0),
    before: [...rolledOut, after(0, { kind: 'history-limit', name, limit: 0 })],
    steps: [after(0, { kind: 'undo', name }), after(3000, { kind: 'template', name, image: '3', pool: undefined })],
  },
  {
    name: 'pods that fail',
    strategy: strategyOf(1, 0),
    before: [after(launchMs, { kind: 'cut' })],
    steps: [after(0, { kind: 'failing', node: 'n1', forMs: 9000 }), after(1000, secondTemplate)],
  },
  {
    name: 'orphans that are adopted, released and labelled away',
    strategy: strategyOf(1, 0),
    before: [after(launchMs, { kind: 'cut' })],
    steps: [
      after(0, { kind: 'orphan-pod', node: 'n1' }),
      after(0, { kind: 'label-away', node: 'n2' }),
      after(500, { kind: 'loose-pod', name, node: 'n3' }),
    ],
  },
  ...(['Background', 'Foreground', 'Orphan'] as const).map((cascade) => ({
    name: `a deletion (${cascade}), and the DaemonSet applied again`,
    strategy: strategyOf(1, 0),
    before: [after(launchMs, { kind: 'cut' })],
    steps: [after(0, { kind: 'delete', name, cascade }), after(3000, { kind: 'apply', name })],
  })),
  {
    name: 'nodes that come, go, are tainted and die',
    strategy: strategyOf(0, 1),
    before: [after(launchMs, secondTemplate)],
    steps: [
      after(0, { kind: 'join', node: 'n4', zone: 'a', pool: 'blue' }),
      after(300, { kind: 'leave', node: 'n1' }),
      after(300, { kind: 'taint', node: 'n2', effect: 'NoExecute' }),
      after(300, { kind: 'down', node: 'n3', forMs: 15_000 }),
      after(3000, { kind: 'untaint', node: 'n2' }),
    ],
  },
  {
    name: 'a rollout under a policy, wave by wave, with a pause and an approval',
    strategy: strategyOf(1, 0),
    before: underPolicy({ waves: [{ name: 'first', nodes: 1, soakSeconds: 2, approval: 'Manual' }] }),
    steps: [
      after(0, secondTemplate),
      after(3000, { kind: 'pause', policy }),
      after(500, { kind: 'delete-pod', node: 'n2' }),
      after(3000, { kind: 'resume', policy }),
      after(6000, { kind: 'approve', policy }),
    ],
  },
  {
    name: 'a bad revision under a policy that goes back, and a good one after it',
    strategy: strategyOf(1, 0),
    before: underPolicy({
      waves: [{ name: 'first', nodes: 1 }],
      progressDeadlineSeconds: 5,
      onFailure: 'Rollback',
    }),
    steps: [
      after(0, { kind: 'template', name, image: 'broken-2', pool: undefined }),
      after(15_000, { kind: 'template', name, image: '3', pool: undefined }),
    ],
  },
];

/** What was on its way when the process died arrives when the next one is there already, and has read its lists. */
const slowNetwork: Weather = { ...calm, latencyMsMax: 1500, watchDelayMsMax: 20_000 };

/** The scene with a controller that dies at its write number `write`; in one piece without. Even seeds: slow network. */
export function crashHistory({ strategy, before, steps }: Scene, seed: number, write?: number): History {
  const crash: readonly Step[] =
    write === undefined ? [] : [after(0, { kind: 'crash', controller: 0, writes: write, backMs: 200 })];
  const slow: readonly Step[] =
    seed % 2 === 0 ? [after(0, { kind: 'weather', weather: slowNetwork, forMs: 60_000 })] : [];
  const [first, ...rest] = steps;
  return {
    seed,
    controllers: 1,
    nodes: ['n1', 'n2', 'n3'].map((node, index) => ({ node, zone: 'abc'[index]!, pool: 'blue' })),
    daemonSets: [{ name, strategy, minReadySeconds: 0, historyLimit: 1 }],
    // The first step keeps its time: the crash comes between it and what was before.
    steps: [
      ...before,
      ...slow,
      ...(first === undefined ? [] : [{ ...first, afterMs: 0 }]),
      ...crash,
      ...rest,
      after(idleMsMax, { kind: 'cut' }),
    ],
  };
}

export interface CrashPoints {
  readonly histories: number;
  readonly failures: readonly { readonly what: string; readonly history: History }[];
}

/** Runs the scene once for each of its writes and each seed. */
export async function runCrashPoints(scene: Scene, seeds: readonly number[], mode: Mode): Promise<CrashPoints> {
  const failures: { what: string; history: History }[] = [];
  let histories = 0;
  for (const seed of seeds) {
    for (let write = 1; ; write++) {
      const history = crashHistory(scene, seed, write);
      const { violation, log } = await runHistory(history, mode);
      histories++;
      if (violation !== undefined)
        failures.push({ what: `${scene.name}, dying at write ${write}, seed ${seed}: ${violation.what}`, history });
      if (!diedWriting(log)) break;
    }
  }
  return { histories, failures };
}

/** Whether the crash came with a write, not because there was none any more. */
function diedWriting(log: readonly string[]): boolean {
  return log.some((line) => line.endsWith(' dies writing'));
}
