// Integers or percentages, as in maxUnavailable and maxSurge (apimachinery util/intstr).

/** `3` or `"10%"`. */
export type IntOrPercent = number | string;

const percentage = /^(\d+)%$/;

/** The number in "N%", or undefined when it is no such percentage. */
export function parsePercent(value: string): number | undefined {
  const match = percentage.exec(value);
  return match === null ? undefined : Number(match[1]);
}

/** Scales a percentage of `total`, rounding up; integers stay. Undefined for what is neither. */
export function scaleRoundingUp(value: IntOrPercent, total: number): number | undefined {
  return scale(value, total, Math.ceil);
}

/** The same, rounding down. */
export function scaleRoundingDown(value: IntOrPercent, total: number): number | undefined {
  return scale(value, total, Math.floor);
}

function scale(value: IntOrPercent, total: number, round: (value: number) => number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  const percent = parsePercent(value);
  return percent === undefined ? undefined : round((percent * total) / 100);
}
