// What is wrong with a patch, in Kubernetes' reasons: BadRequest for what is no patch, Invalid for one that does not fit.
import { StatusError } from '../../api/index.ts';

/** A document of the wrong shape, in the words of Go's decoder. */
export function cannotUnmarshal(patch: unknown, wanted: string): string {
  const found = Array.isArray(patch)
    ? 'array'
    : patch === null
      ? 'null'
      : typeof patch === 'boolean'
        ? 'bool'
        : typeof patch;
  return `error decoding patch: json: cannot unmarshal ${found} into Go value of type ${wanted}`;
}

/** As Go prints a value that it knows nothing of: `map[image:b ports:[1 2]]`. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (value === null || value === undefined) return '<nil>';
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, part]) => `${key}:${goText(part)}`).join(' ')}]`;
}

/** The patch document itself is malformed. */
export function badPatch(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

/** A well-formed patch that cannot be applied to this object (422). */
export function unfitPatch(message: string): StatusError {
  // Empty details make kubectl print the message; without any it says no more than "The request is invalid".
  return new StatusError('Invalid', `the server rejected our request due to an error in our request: ${message}`, {});
}
