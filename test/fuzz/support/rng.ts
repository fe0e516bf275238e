// Chance for the fuzzers: everything of one run follows from its seed.
import { seededRandom } from '../../../src/machinery/index.ts';

export interface Rng {
  /** 0 … max − 1. */
  below(max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** How many of something: mostly few. */
  few(max: number): number;
  bytes(count: number): Buffer;
}

export function createRng(seed: number): Rng {
  const random = seededRandom(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 4; skipped++) random.next();
  const below = (max: number) => Math.floor(random.next() * max);
  return {
    below,
    chance: (probability) => random.next() < probability,
    pick: (from) => from[below(from.length)]!,
    few: (max) => Math.floor(random.next() ** 3 * (max + 1)),
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}
