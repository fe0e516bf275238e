// JSON of the objects that were sent last: one event goes to many watchers and is encoded once.
import type { KubernetesObject } from '../../api/index.ts';

/** Enough for a burst that goes to every watcher in turn; at 4 kB each about 4 MB. */
const encodedObjectsMax = 1024;

export interface EncodedObjects {
  json(object: KubernetesObject): string;
}

export function createEncodedObjects(): EncodedObjects {
  const encoded = new Map<KubernetesObject, string>();
  return {
    json(object) {
      const known = encoded.get(object);
      if (known !== undefined) return known;
      const text = JSON.stringify(object);
      // Maps keep insertion order: the first key is the oldest.
      if (encoded.size >= encodedObjectsMax) encoded.delete(encoded.keys().next().value!);
      encoded.set(object, text);
      return text;
    },
  };
}
