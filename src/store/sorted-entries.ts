// Entries by key, and in key order in leaves of bounded size: a search is two binary searches, an insertion moves at most
// one leaf, and a page costs its own length. It knows nothing of revisions, history or watches.
import { compareKeys } from './key-order.ts';
import type { Entry } from './store.ts';

const leafEntriesMax = 512;

interface Position {
  readonly leaf: number;
  readonly offset: number;
}

export class SortedEntries {
  /** Never holds an empty leaf. */
  readonly #leaves: Entry[][] = [];
  /** The same entries: most reads want just one, whose place does not matter. */
  readonly #byKey = new Map<string, Entry>();

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** Adds the entry, or replaces the one under its key. */
  set(entry: Entry): void {
    this.#byKey.set(entry.key, entry);
    const at = this.#firstAtOrAfter(entry.key);
    const found = this.#leaves[at.leaf];
    if (found?.[at.offset]?.key === entry.key) {
      found[at.offset] = entry;
      return;
    }
    if (found !== undefined) {
      found.splice(at.offset, 0, entry);
      if (found.length > leafEntriesMax) this.#leaves.splice(at.leaf + 1, 0, found.splice(leafEntriesMax / 2));
      return;
    }
    // Beyond the last key. A full leaf stays full, so that a load in key order packs its leaves.
    const last = this.#leaves.at(-1);
    if (last !== undefined && last.length < leafEntriesMax) last.push(entry);
    else this.#leaves.push([entry]);
  }

  remove(key: string): void {
    if (!this.#byKey.delete(key)) return;
    const { leaf, offset } = this.#firstAtOrAfter(key);
    const found = this.#leaves[leaf];
    if (found?.[offset]?.key !== key) return;
    found.splice(offset, 1);
    const next = this.#leaves[leaf + 1];
    if (found.length === 0) this.#leaves.splice(leaf, 1);
    else if (next !== undefined && found.length + next.length <= leafEntriesMax / 2) {
      found.push(...next);
      this.#leaves.splice(leaf + 1, 1);
    }
  }

  /** At most `limit` entries with the prefix and beyond the key `after`. */
  page(prefix: string, after: string | undefined, limit: number): Entry[] {
    const page: Entry[] = [];
    const end = this.#firstBeyondPrefix(prefix);
    let { leaf, offset } = this.#start(prefix, after);
    while (page.length < limit && leaf <= end.leaf && leaf < this.#leaves.length) {
      const found = this.#leaves[leaf]!;
      const stop = Math.min(leaf === end.leaf ? end.offset : found.length, offset + limit - page.length);
      for (let i = offset; i < stop; i++) page.push(found[i]!);
      leaf++;
      offset = 0;
    }
    return page;
  }

  /** How many entries have the prefix and lie beyond the key `after`. */
  count(prefix: string, after: string | undefined): number {
    const start = this.#start(prefix, after);
    const end = this.#firstBeyondPrefix(prefix);
    if (start.leaf > end.leaf) return 0;
    let count = end.offset - start.offset;
    for (let leaf = start.leaf; leaf < end.leaf; leaf++) count += this.#leaves[leaf]!.length;
    return Math.max(count, 0);
  }

  #start(prefix: string, after: string | undefined): Position {
    if (after === undefined || compareKeys(after, prefix) < 0) return this.#firstAtOrAfter(prefix);
    return this.#first((key) => compareKeys(key, after) > 0);
  }

  #firstAtOrAfter(key: string): Position {
    return this.#first((other) => compareKeys(other, key) >= 0);
  }

  #firstBeyondPrefix(prefix: string): Position {
    return this.#first((key) => !key.startsWith(prefix) && compareKeys(key, prefix) > 0);
  }

  /** Where `beyond`, false for all keys up to some point and true from there on, turns true. */
  #first(beyond: (key: string) => boolean): Position {
    const leaf = firstIndex(this.#leaves.length, (index) => beyond(this.#leaves[index]!.at(-1)!.key));
    const found = this.#leaves[leaf];
    return { leaf, offset: found === undefined ? 0 : firstIndex(found.length, (index) => beyond(found[index]!.key)) };
  }
}

function firstIndex(length: number, isTrue: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
