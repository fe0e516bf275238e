// A seed → a history. Half of the histories have a focus (one or two kinds of happening, often repeated), because what
// breaks controllers are bursts of the same trouble; the other half mixes everything.
import type { DaemonSetUpdateStrategy } from '../api/index.ts';
import { seededRandom } from '../machinery/index.ts';
import { type Dice, diceOf } from './dice.ts';
import { withPolicies } from './generate-policies.ts';
import type { DaemonSetSetup, Happening, History, NodeSetup, Step } from './history.ts';
import type { PolicyStep } from './policies.ts';
import { calm, type Weather } from './weather.ts';

const zones = ['a', 'b', 'c'];
const pools = ['blue', 'green'];
const resourceNames = ['pods', 'nodes', 'daemonsets', 'controllerrevisions'];
const names = ['log', 'net'];

interface Cast {
  readonly nodes: readonly string[];
  readonly daemonSets: readonly string[];
  readonly controllers: number;
  /** The next image's number: images differ unless they are meant not to. */
  image: number;
}

/** What generate-policies.ts adds comes by dice of its own. */
type Plain = Exclude<Happening, PolicyStep>['kind'];

/** How often each kind comes up in a mixed history. */
const kinds = {
  join: 3,
  leave: 2,
  evict: 2,
  down: 3,
  stuck: 2,
  slow: 2,
  failing: 2,
  unready: 3,
  taint: 2,
  untaint: 2,
  relabel: 2,
  template: 8,
  strategy: 3,
  'min-ready': 1,
  'history-limit': 1,
  undo: 2,
  apply: 3,
  delete: 1,
  'label-away': 1,
  'delete-pod': 2,
  'orphan-pod': 1,
  'loose-pod': 1,
  weather: 5,
  stall: 4,
  cut: 2,
  compact: 2,
  'restart-server': 2,
  'clock-jump': 1,
  crash: 4,
  // Added afterwards: where there are leases to lose, and by dice of their own.
  isolate: 0,
  'delete-revision': 0,
} as const satisfies Record<Plain, number>;

export interface GenerateOptions {
  /** A rollout policy in every history, not only in a quarter of them. */
  readonly policies?: boolean;
}

export function generateHistory(seed: number, { policies = false }: GenerateOptions = {}): History {
  return withPolicies(generatePlain(seed), policies);
}

function generatePlain(seed: number): History {
  const dice = diceOf(seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5eed));
  const cast: Cast = {
    nodes: Array.from({ length: dice.between(2, 7) }, (_, index) => `n${index + 1}`),
    daemonSets: names.slice(0, dice.chance(0.2) ? 2 : 1),
    controllers: dice.chance(0.12) ? 2 : 1,
    image: 2,
  };
  const nodeSetup = (node: string): NodeSetup => ({ node, zone: dice.pick(zones), pool: dice.pick(pools) });
  const daemonSetSetup = (name: string): DaemonSetSetup => ({
    name,
    strategy: strategy(dice),
    minReadySeconds: dice.chance(0.25) ? dice.between(1, 20) : 0,
    historyLimit: dice.pick([0, 1, 2, 10]),
  });
  const focus = dice.chance(0.5) ? [pickKind(dice), pickKind(dice), 'template' as const] : [];
  const steps: Step[] = [];
  const staleLists = dice.chance(0.1);
  const clockJumps = dice.chance(0.1);
  const count = dice.between(4, 30);
  const haste = dice.pick([200, 2000, 10_000]);
  for (let index = 0; index < count; index++) {
    const drawn = focus.length > 0 && dice.chance(0.8) ? dice.pick(focus) : pickKind(dice);
    const kind = drawn === 'clock-jump' && !clockJumps ? 'unready' : drawn;
    const afterMs = index === 0 ? dice.upTo(15_000) : dice.chance(0.15) ? dice.upTo(60_000) : dice.upTo(haste);
    steps.push({ afterMs, ...happening(kind, dice, cast) });
    const last = steps.at(-1)!;
    if (staleLists && last.kind === 'weather')
      steps[steps.length - 1] = { ...last, weather: { ...last.weather, staleList: 0.5 } };
  }
  // By dice of their own: histories from before there was such a thing stay as they are.
  if (!staleLists && diceOf(seededRandom(seed ^ 0x5ea1)).chance(0.3)) makeRelistsStale(steps);
  loseRevisions(steps, diceOf(seededRandom(seed ^ 0x7e11)), cast);
  const nodes = cast.nodes.filter(() => dice.chance(0.9)).map(nodeSetup);
  const daemonSets = cast.daemonSets.map(daemonSetSetup);
  const controllers = cast.controllers === 2 ? 2 : 1;
  // Drawn last: what was drawn before stays as it was before there were leases.
  if (controllers === 1 || dice.chance(0.3)) return { seed, controllers, nodes, daemonSets, steps };
  return { seed, controllers, leases: true, nodes, daemonSets, steps: withIsolations(steps, dice, cast) };
}

/** In one history of ten somebody clears away revisions, often just when they are being made. */
function loseRevisions(steps: Step[], dice: Dice, cast: Cast): void {
  if (!dice.chance(0.1)) return;
  for (let index = steps.length; index > 0; index--)
    if (dice.chance(steps[index - 1]!.kind === 'template' ? 0.4 : 0.1))
      steps.splice(index, 0, { afterMs: dice.upTo(1000), ...happening('delete-revision', dice, cast) });
}

function makeRelistsStale(steps: Step[]): void {
  for (const [index, step] of steps.entries())
    if (step.kind === 'weather') steps[index] = { ...step, weather: { ...step.weather, staleRelist: 0.5 } };
}

/** Now and then a controller is cut off for longer, or not quite as long, as its lease lasts. */
function withIsolations(steps: readonly Step[], dice: Dice, cast: Cast): readonly Step[] {
  return steps.flatMap((step) =>
    dice.chance(0.2) ? [step, { afterMs: dice.upTo(2000), ...happening('isolate', dice, cast) }] : [step],
  );
}

function pickKind(dice: Dice): Plain {
  const entries = Object.entries(kinds) as [Plain, number][];
  let rest = dice.upTo(entries.reduce((sum, [, weight]) => sum + weight, 0) - 1);
  for (const [kind, weight] of entries) {
    rest -= weight;
    if (rest < 0) return kind;
  }
  return 'cut';
}

function strategy(dice: Dice): DaemonSetUpdateStrategy {
  if (dice.chance(0.1)) return { type: 'OnDelete' };
  const size = dice.pick([1, 1, 2, 3, '25%', '50%']);
  const rollingUpdate = dice.chance(0.35)
    ? { maxUnavailable: 0, maxSurge: size }
    : { maxUnavailable: size, maxSurge: 0 };
  return { type: 'RollingUpdate', rollingUpdate };
}

function weather(dice: Dice): Weather {
  const rate = () => (dice.chance(0.4) ? dice.pick([0.05, 0.15, 0.3]) : 0);
  return {
    ...calm,
    latencyMsMax: dice.pick([5, 50, 500, 2000]),
    watchDelayMsMax: dice.pick([5, 500, 5000, 20_000]),
    throttled: rate() / 2,
    conflict: rate() / 2,
    serverError: rate() / 2,
    requestLost: rate() / 2,
    responseLost: rate() / 2,
    staleList: 0,
  };
}

function happening(kind: Plain, dice: Dice, cast: Cast): Happening {
  const node = dice.pick(cast.nodes);
  const name = dice.pick(cast.daemonSets);
  switch (kind) {
    case 'join':
      return { kind, node, zone: dice.pick(zones), pool: dice.pick(pools) };
    case 'leave':
    case 'evict':
    case 'untaint':
    case 'label-away':
    case 'delete-pod':
    case 'orphan-pod':
      return { kind, node };
    case 'down':
    case 'stuck':
    case 'slow':
    case 'failing':
    case 'unready':
      return { kind, node, forMs: dice.pick([2000, 15_000, 60_000, 300_000]) };
    case 'taint':
      return { kind, node, effect: dice.pick(['NoSchedule', 'NoExecute']) };
    case 'relabel':
      return { kind, node, pool: dice.pick(pools) };
    case 'template': {
      const image = dice.chance(0.2) ? String(dice.between(1, 3)) : String(cast.image++);
      return {
        kind,
        name,
        image: dice.chance(0.15) ? `broken-${image}` : image,
        pool: dice.chance(0.12) ? dice.pick(pools) : undefined,
      };
    }
    case 'strategy':
      return { kind, name, strategy: strategy(dice) };
    case 'min-ready':
      return { kind, name, seconds: dice.pick([0, 3, 30]) };
    case 'history-limit':
      return { kind, name, limit: dice.pick([0, 1, 5]) };
    case 'undo':
    case 'apply':
    case 'delete-revision':
      return { kind, name };
    case 'delete':
      return { kind, name, cascade: dice.pick(['Background', 'Foreground', 'Orphan']) };
    case 'loose-pod':
      return { kind, name, node };
    case 'weather':
      return { kind, weather: weather(dice), forMs: dice.pick([5000, 30_000, 120_000]) };
    case 'stall':
      return { kind, resource: dice.pick(resourceNames), forMs: dice.pick([3000, 20_000, 50_000, 120_000]) };
    case 'cut':
    case 'compact':
      return { kind };
    case 'restart-server':
      return { kind, forMs: dice.pick([500, 5000, 30_000]) };
    case 'clock-jump':
      return { kind, byMs: dice.pick([-7_200_000, -60_000, -3000, 3000, 60_000, 7_200_000]) };
    case 'isolate':
      return {
        kind,
        controller: dice.upTo(cast.controllers - 1),
        lease: dice.chance(0.5),
        forMs: dice.pick([4000, 9000, 12_000, 30_000]),
      };
    case 'crash':
      return {
        kind,
        controller: dice.upTo(cast.controllers - 1),
        writes: dice.between(1, 12),
        backMs: dice.chance(0.4) ? dice.upTo(500) : dice.between(500, 20_000),
      };
  }
}
