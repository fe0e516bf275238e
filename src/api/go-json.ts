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

/** @param value a plain JSON value; undefined members are left out as JSON.stringify does */
export function encodeGoJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((entry) => (entry === undefined ? 'null' : encodeGoJson(entry))).join(',')}]`;
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
