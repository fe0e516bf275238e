// Does a series of measurements grow? Memory of a process with a garbage collector is a saw: only its floors tell, and
// of those the slope that half of all pairs agree on (Theil–Sen), which no single peak can bend. What was given back to
// the machine and is taken again is no growth: that goes on beyond where it was before.

export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  readonly value: number;
}

export interface Growth {
  /** Median of the floors. */
  readonly level: number;
  /** What the slope of the floors adds up to over the time that was looked at. */
  readonly growth: number;
  /** By how much the highest of the last floors is above all floors before them, once it was warm. */
  readonly above: number;
  readonly windows: number;
}

/** The beginning fills caches, compiles, meets everything for the first time, and V8 finds out how large a heap pays. */
const warmUpShare = 0.5;
/** By then it has had what it needs at its height; whether it lets go of that is another matter. */
const heightShare = 0.2;
const lastShare = 2 / 3;
const windowsMin = 3;

/** Undefined when there is too little to say anything. */
export function growthOf(samples: readonly Sample[], windowSeconds: number): Growth | undefined {
  const end = samples.at(-1)?.seconds ?? 0;
  const floors = floorsOf(samples, windowSeconds);
  const since = (share: number) => floors.filter(([window]) => window * windowSeconds >= end * share);
  const points = since(warmUpShare);
  if (points.length < windowsMin) return undefined;
  const slopes = points.flatMap(([x, y], index) => points.slice(index + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)));
  const span = points.at(-1)![0] - points[0]![0];
  const last = since(lastShare);
  const before = since(heightShare).filter((point) => !last.includes(point));
  return {
    level: median(points.map(([, y]) => y)),
    growth: median(slopes) * span,
    above: highest(last) - highest(before),
    windows: points.length,
  };
}

type Floor = readonly [window: number, value: number];

function floorsOf(samples: readonly Sample[], windowSeconds: number): readonly Floor[] {
  const floors = new Map<number, number>();
  for (const { seconds, value } of samples) {
    const window = Math.floor(seconds / windowSeconds);
    floors.set(window, Math.min(floors.get(window) ?? Number.POSITIVE_INFINITY, value));
  }
  return [...floors];
}

function highest(floors: readonly Floor[]): number {
  return Math.max(...floors.map(([, value]) => value));
}

/** Growth is a leak when it is more than this share of the level, more than noise, and more than there ever was. */
export function isLeak({ level, growth, above }: Growth, shareMax: number, bytesMin: number): boolean {
  return above > 0 && growth > Math.max(level * shareMax, bytesMin);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
