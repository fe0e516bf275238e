// JSON of the objects that were sent last: one event goes to many watchers and is encoded once.
import type { KubernetesObject } from '../../api/index.ts';

/** Enough for a burst that goes to every watcher in turn: some 4,000 pods. Characters of JSON. */
const encodedLengthMax = 16 * 1024 * 1024;

export interface EncodedObjects {
  json(object: KubernetesObject): string;
}

export function createEncodedObjects(lengthMax = encodedLengthMax): EncodedObjects {
  const encoded = new Map<KubernetesObject, string>();
  let length = 0;
  return {
    json(object) {
      const known = encoded.get(object);
      if (known !== undefined) return known;
      const text = JSON.stringify(object);
      encoded.set(object, text);
      length += text.length;
      // Maps keep insertion order: the first key is the oldest.
      for (const [oldest, { length: freed }] of encoded) {
        if (length <= lengthMax) break;
        encoded.delete(oldest);
        length -= freed;
      }
      return text;
    },
  };
}
