// Quantities: `100m`, `1.5`, `200Mi`, `1e3`. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

const syntax = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]i?|[KMGTPE]i)?)$/;
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** A quantity exactly: numerator / denominator in base units. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** More than any amount needs: what is longer is refused before it costs anything. */
const quantityCharactersMax = 128;

function parse(text: string): Fraction | undefined {
  const match = text.length > quantityCharactersMax ? null : syntax.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  let numerator = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  let denominator = 10n ** BigInt(fraction.length);
  const power = exponent === undefined ? decimal[suffix] : Number(exponent.slice(1));
  if (suffix in binary) numerator <<= BigInt(binary[suffix]!);
  else if (power === undefined || Math.abs(power) > 100) return undefined;
  else if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  return { numerator, denominator };
}

/** The value in base units (`100m` → 0.1, `200Mi` → 209715200); undefined when it is no quantity. */
export function parseQuantity(text: string | number): number | undefined {
  const fraction = parse(String(text));
  return fraction === undefined ? undefined : Number(fraction.numerator) / Number(fraction.denominator);
}

/** The value in thousandths, rounded up as Kubernetes does (`100m` → 100, `1` → 1000); for sums that stay exact. */
export function parseQuantityMilli(text: string | number): number | undefined {
  const fraction = parse(String(text));
  if (fraction === undefined) return undefined;
  const { numerator, denominator } = fraction;
  const thousandths = numerator * 1000n;
  const quotient = thousandths / denominator;
  return Number(thousandths % denominator > 0n ? quotient + 1n : quotient);
}

/** Whether two spellings mean the same amount (`0.1` and `100m`); false when either is no quantity. */
export function sameQuantity(left: string | number, right: string | number): boolean {
  const a = parse(String(left));
  const b = parse(String(right));
  return a !== undefined && b !== undefined && a.numerator * b.denominator === b.numerator * a.denominator;
}
