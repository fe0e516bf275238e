// The order of keys: that of their UTF-8 bytes, as etcd and SQLite sort them. JavaScript's own string order differs
// where characters outside the basic plane meet U+E000–U+FFFF (names of RBAC objects may hold any of them).
import { ok } from 'node:assert/strict';

/** Negative when `a` comes first, 0 when equal. Both must be well-formed strings. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
}

/** UTF-16 code units ranked as their characters' UTF-8 bytes: surrogates (four bytes) after U+E000–U+FFFF (three). */
function byteRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Callers check names before they make keys of them, so anything else here is a defect. */
export function requireKey(key: string): void {
  ok(key !== '' && key.isWellFormed() && !key.includes('\0'), `not a key: ${JSON.stringify(key)}`);
}
