// JSON merge patch, RFC 7386: objects merge, null removes, everything else replaces.
import { isObject, type JsonObject, own, setOwn } from '../schema/json.ts';

/** The patched value; shares what did not change with `target`, which is never changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const base: JsonObject = isObject(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const key of Object.keys(patch)) {
    const value = own(patch, key);
    if (value === null) delete result[key];
    else setOwn(result, key, mergePatch(own(base, key), value));
  }
  return result;
}
