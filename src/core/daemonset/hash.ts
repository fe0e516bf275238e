// Hashes that become parts of names. Only for naming: what two things mean is never decided by a hash.

/** The letters and digits Kubernetes uses in generated names: no vowels, nothing that reads as a word or as another. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a, 32 bits, over UTF-16 code units. */
export function fnv1a(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** A suffix of `length` safe characters (at most 12) that depends on every part, in order. */
export function nameSuffix(parts: readonly string[], length: number): string {
  // NUL occurs in no part, so that ['ab','c'] and ['a','bc'] differ.
  const text = parts.join('\0');
  const low = fnv1a(text);
  const high = fnv1a(text, low ^ 0x9e3779b9);
  let number = (BigInt(high) << 32n) | BigInt(low);
  let suffix = '';
  for (let index = 0; index < length; index++) {
    suffix += alphabet[Number(number % 27n)];
    number /= 27n;
  }
  return suffix;
}
