// Rollout policies for a history that has none: in a quarter of the histories, by dice of their own, put between the steps
// that are there already. So every other history stays as it is, and these keep their own troubles.
import type { RolloutPolicySpec, RolloutWave } from '../api/index.ts';
import { seededRandom } from '../machinery/index.ts';
import { type Dice, diceOf } from './dice.ts';
import type { Happening, History, Step } from './history.ts';

const pools = ['blue', 'green'];
const stallMs = [3000, 20_000, 50_000, 120_000];

/** @param always a policy in every history */
export function withPolicies(history: History, always: boolean): History {
  const dice = diceOf(seededRandom(Math.imul(history.seed, 0x85ebca6b) ^ 0x9011c7));
  const drawn = dice.chance(0.25);
  if (!drawn && !always) return history;
  const names = history.daemonSets.map(({ name }) => name);
  const steps = [...history.steps];
  const first = dice.upTo(Math.min(4, steps.length));
  for (let index = steps.length; index >= first; index--) {
    const after = steps[index - 1];
    const name = after !== undefined && 'name' in after && names.includes(after.name) ? after.name : dice.pick(names);
    if (after?.kind === 'template') {
      if (dice.chance(0.6)) steps.splice(index, 0, ...scene(dice, name, history));
      // Who pauses just before the template changes relies on it.
      if (dice.chance(0.25))
        steps.splice(index - 1, 1, { ...after, kind: 'pause', policy: name }, { ...after, afterMs: dice.upTo(300) });
    } else if (dice.chance(0.3)) steps.splice(index, 0, ...scene(dice, name, history));
  }
  const made = names.flatMap((name, index) =>
    dice.chance(0.7) || index === 0 ? [{ afterMs: dice.pick([0, 5000, 25_000]), ...policyOf(dice, name, name) }] : [],
  );
  steps.splice(first, 0, ...made);
  return { ...history, steps, policiesEnd: dice.pick(['removed', 'removed', 'completed', 'left']) };
}

/** One or two things that happen to a rollout under a policy. */
function scene(dice: Dice, name: string, history: History): Step[] {
  const steps: Step[] = [];
  for (let count = dice.between(1, 2); count > 0; count--)
    steps.push({ afterMs: dice.upTo(dice.pick([300, 3000, 15_000, 60_000])), ...happening(dice, name, history) });
  return steps;
}

function happening(dice: Dice, name: string, { nodes, seed }: History): Happening {
  const policy = name;
  const node = dice.pick(nodes.length === 0 ? ['n1'] : nodes.map(({ node }) => node));
  const roll = dice.upTo(99);
  if (roll < 16) return { kind: 'pause', policy };
  if (roll < 32) return { kind: 'resume', policy };
  if (roll < 44) return { kind: 'approve', policy };
  if (roll < 52) return { kind: 'retry', policy };
  if (roll < 56) return { kind: 'unpolicy', policy };
  if (roll < 67) return policyOf(dice, policy, name);
  if (roll < 70) return policyOf(dice, `${name}-too`, name);
  if (roll < 78) {
    const image = `p${(seed + dice.upTo(40)) % 50}`;
    return { kind: 'template', name, image: dice.chance(0.3) ? `broken-${image}` : image, pool: undefined };
  }
  if (roll < 81) return { kind: 'undo', name };
  if (roll < 89) return { kind: 'delete-pod', node };
  if (roll < 92) return { kind: 'join', node: `n${dice.between(1, 9)}`, zone: 'a', pool: dice.pick(pools) };
  if (roll < 94) return { kind: 'relabel', node, pool: dice.pick(pools) };
  return { kind: 'stall', resource: 'rolloutpolicies', forMs: dice.pick(stallMs) };
}

function policyOf(dice: Dice, policy: string, name: string): Happening {
  const deadline = dice.pick([undefined, 15, 40, 120]);
  const onFailure = dice.pick([undefined, 'Hold', 'Rollback']);
  const waves = Array.from({ length: dice.pick([0, 1, 1, 2, 2, 3]) }, (_, index) => waveOf(dice, `w${index + 1}`));
  const spec: RolloutPolicySpec = {
    targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name },
    ...(dice.chance(0.15) ? { paused: true } : {}),
    waves: dice.chance(0.06) ? [...waves, unreadable(dice)] : waves,
    ...(deadline === undefined ? {} : { progressDeadlineSeconds: deadline }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(dice.chance(0.15) ? { failureTolerance: dice.pick([1, '30%']) } : {}),
  };
  return { kind: 'policy', policy, spec };
}

function waveOf(dice: Dice, name: string): RolloutWave {
  const among = dice.upTo(2);
  const soakSeconds = dice.pick([0, 0, 5, 30]);
  return {
    name,
    ...(among < 2 ? {} : { nodeSelector: { matchLabels: { pool: dice.pick(pools) } } }),
    ...(among === 2 && dice.chance(0.5) ? {} : { nodes: dice.pick([1, 1, 2, '20%', '50%']) }),
    ...(soakSeconds === 0 ? {} : { soakSeconds }),
    ...(dice.chance(0.25) ? { approval: 'Manual' } : {}),
  };
}

/** Nobody can say which nodes are in it. */
function unreadable(dice: Dice): RolloutWave {
  return dice.pick<RolloutWave>([
    { name: 'rest' },
    { name: 'odd', nodes: 'lots' },
    { name: 'odd', nodeSelector: { matchExpressions: [{ key: 'pool', operator: 'In' }] } },
  ]);
}
