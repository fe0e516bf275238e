// A map with indexes: every value is also found by what the index functions say of it. A change costs O(indexes), a
// lookup O(1). Values are immutable; a changed one is put again.

/** The index keys of a value; none = not in this index. */
export type IndexFunction<V> = (value: V) => readonly string[];

export interface IndexedCache<V, I extends string> {
  get(key: string): V | undefined;
  /** Returns what stood there before. */
  set(key: string, value: V): V | undefined;
  delete(key: string): V | undefined;
  /** Values that the index files under this key, in no particular order. */
  lookup(index: I, indexKey: string): Iterable<V>;
  count(index: I, indexKey: string): number;
  values(): Iterable<V>;
  readonly size: number;
}

export function createIndexedCache<V, I extends string>(
  functions: Readonly<Record<I, IndexFunction<V>>>,
): IndexedCache<V, I> {
  const values = new Map<string, V>();
  const names = Object.keys(functions) as I[];
  const indexes = new Map<I, Map<string, Map<string, V>>>(names.map((name) => [name, new Map()]));

  const unfile = (key: string, value: V) => {
    for (const name of names) {
      const index = indexes.get(name)!;
      for (const indexKey of functions[name](value)) {
        const bucket = index.get(indexKey);
        bucket?.delete(key);
        if (bucket?.size === 0) index.delete(indexKey);
      }
    }
  };

  const file = (key: string, value: V) => {
    for (const name of names) {
      const index = indexes.get(name)!;
      for (const indexKey of functions[name](value)) {
        const bucket = index.get(indexKey) ?? new Map<string, V>();
        bucket.set(key, value);
        index.set(indexKey, bucket);
      }
    }
  };

  return {
    get: (key) => values.get(key),
    set(key, value) {
      const before = values.get(key);
      if (before !== undefined) unfile(key, before);
      values.set(key, value);
      file(key, value);
      return before;
    },
    delete(key) {
      const before = values.get(key);
      if (before !== undefined) unfile(key, before);
      values.delete(key);
      return before;
    },
    lookup: (index, indexKey) => indexes.get(index)!.get(indexKey)?.values() ?? [],
    count: (index, indexKey) => indexes.get(index)!.get(indexKey)?.size ?? 0,
    values: () => values.values(),
    get size() {
      return values.size;
    },
  };
}
