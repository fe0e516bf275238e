// JSON exactly as Go's encoding/json writes a map: keys sorted, no spaces, and <, >, & and the two line separators
// escaped. kube-controller-manager compares ControllerRevision data byte by byte, and an API server keeps those bytes as
// they came; whoever wants to share a history with it has to write the same ones.

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** A number that is written as it was read, for it is not one in JavaScript (ECMAScript's JSON.rawJSON). */
interface RawNumber {
  readonly rawJSON: string;
}

// TypeScript does not know them yet.
const { rawJSON, isRawJSON, parse } = JSON as unknown as {
  readonly rawJSON: (text: string) => RawNumber;
  readonly isRawJSON: (value: unknown) => value is RawNumber;
  readonly parse: (text: string, reviver: (key: string, value: unknown, at: { source?: string }) => unknown) => unknown;
};

const manyDigits = /\d{16}/;
const wholeNumber = /^-?\d+$/;

/**
 * JSON.parse, but that whole numbers beyond a double's 53 bits are kept by their digits (Kubernetes has 64: somebody's
 * tolerationSeconds may be the greatest of them). JSON.stringify and encodeGoJson write them as they came.
 * @throws SyntaxError
 */
export function decodeJson(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && wholeNumber.test(source)
      ? rawJSON(source)
      : value,
  );
}

/** The number nearest to one that decodeJson read, for those who reckon with it. */
export function nearestNumber(value: number): number {
  return isRawJSON(value) ? Number((value as RawNumber).rawJSON) : value;
}

/** @param value a plain JSON value; undefined members are left out as JSON.stringify does */
export function encodeGoJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((entry) => (entry === undefined ? 'null' : encodeGoJson(entry))).join(',')}]`;
  if (isRawJSON(value)) return value.rawJSON;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => compareBytes(a, b))
      .map(([key, member]) => `${encodeString(key)}:${encodeGoJson(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'string') return encodeString(value);
  return JSON.stringify(value);
}

/** Lone surrogates have no UTF-8: both Go and toWellFormed() put the replacement character there. */
function encodeString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character]!);
}

/** Go compares strings by their UTF-8 bytes, which is code point order; JavaScript compares UTF-16 units. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const left = codePoints(a);
  const right = codePoints(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function codePoints(text: string): readonly number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}
