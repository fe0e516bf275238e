// Chances as a generator of histories draws them.
import type { Random } from '../machinery/index.ts';

export interface Dice {
  chance(probability: number): boolean;
  upTo(max: number): number;
  between(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
}

export function diceOf(random: Random): Dice {
  const upTo = (max: number) => Math.floor(random.next() * (max + 1));
  return {
    chance: (probability) => random.next() < probability,
    upTo,
    between: (min, max) => min + upTo(max - min),
    pick: <T>(items: readonly T[]) => items[upTo(items.length - 1)] as T,
  };
}
