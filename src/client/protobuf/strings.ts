// Strings out of bytes, each kept once: label keys, phases, owners and node names repeat over thousands of objects and
// their events. A bounded table, found by hash; a newcomer takes the place of whoever had it.

const placesCount = 8192;
const internedBytesMax = 64;
const places: (string | undefined)[] = Array.from({ length: placesCount });

/** UTF-8; malformed sequences become replacement characters, as in JSON. */
export function internedString(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return '';
  if (length > internedBytesMax) return bytes.toString('utf8', start, end);
  let hash = length;
  let all = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    all |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (all > 0x7f) return bytes.toString('utf8', start, end);
  const place = (hash ^ (hash >>> 13)) & (placesCount - 1);
  const found = places[place];
  if (found !== undefined && found.length === length && sameText(found, bytes, start)) return found;
  const made = bytes.toString('latin1', start, end);
  places[place] = made;
  return made;
}

function sameText(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
