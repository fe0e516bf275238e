// Quantities in the one spelling that Kubernetes stores (apimachinery resource.Quantity): `0.1` → `100m`,
// `1024Mi` → `1Gi`, `1500m` stays. The value itself is api/'s business.

const syntax = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const decimalPowers: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const decimalSuffixes = new Map(Object.entries(decimalPowers).map(([suffix, power]) => [power, suffix]));
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Digits and exponents beyond this are refused before they cost anything; int64 nanounits have 28 digits. */
const quantityDigitsMax = 64;

/** The text of the error Kubernetes gives for what is no quantity. */
export const quantityFormatMessage =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** The canonical spelling, or undefined when it is no quantity. JSON numbers are quantities too. */
export function canonicalQuantity(value: string | number): string | undefined {
  const text = String(value);
  const match = text.length > quantityDigitsMax ? null : syntax.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', exponential, exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const negative = sign === '-';
  // Of nothing, too: what one reader takes for a quantity no other may refuse.
  if (exponential !== undefined && Math.abs(Number(exponent)) > quantityDigitsMax) return undefined;
  let units = BigInt(whole + fraction);
  if (units === 0n) return '0';
  if (suffix.endsWith('i')) return formatBinary(units, fraction.length, binarySuffixes.indexOf(suffix), negative);
  let power = (exponential === undefined ? (decimalPowers[suffix] ?? 0) : Number(exponent)) - fraction.length;
  if (Math.abs(power) > quantityDigitsMax) return undefined;
  while (units % 10n === 0n) {
    units /= 10n;
    power++;
  }
  if (power < -9) {
    // Finer than nano: Kubernetes rounds up.
    const divisor = 10n ** BigInt(-9 - power);
    units = (units + divisor - 1n) / divisor;
    power = -9;
  }
  return (negative ? '-' : '') + formatDecimal(units, power, exponential !== undefined);
}

/** Mantissa without a fraction, exponent a multiple of three, as small a mantissa as that allows. */
function formatDecimal(units: bigint, power: number, exponential: boolean): string {
  const exponent = Math.min(Math.floor(power / 3) * 3, 18);
  const mantissa = units * 10n ** BigInt(power - exponent);
  if (exponent === 0) return mantissa.toString();
  return exponential ? `${mantissa}e${exponent}` : `${mantissa}${decimalSuffixes.get(exponent) ?? ''}`;
}

function formatBinary(units: bigint, fractionDigits: number, step: number, negative: boolean): string {
  const scaled = units << BigInt(10 * step);
  const divisor = 10n ** BigInt(fractionDigits);
  const sign = negative ? '-' : '';
  // A fraction of a byte is kept in the decimal form, as Kubernetes does; values under 1024 lose the binary suffix.
  if (scaled % divisor !== 0n)
    return canonicalQuantity(`${sign}${((scaled * 1000n + divisor - 1n) / divisor).toString()}m`)!;
  let value = scaled / divisor;
  if (value < 1024n) return canonicalQuantity(`${sign}${value}`)!;
  let index = 0;
  while (value % 1024n === 0n && index < binarySuffixes.length - 1) {
    value /= 1024n;
    index++;
  }
  return `${sign}${value}${binarySuffixes[index]!}`;
}
