// What is wrong with a patch, in Kubernetes' reasons: BadRequest for what is no patch, Invalid for one that does not fit.
import { StatusError } from '../../api/index.ts';

/** The patch document itself is malformed. */
export function badPatch(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

/** A well-formed patch that cannot be applied to this object (422). */
export function unfitPatch(message: string): StatusError {
  // Empty details make kubectl print the message; without any it says no more than "The request is invalid".
  return new StatusError('Invalid', `the server rejected our request due to an error in our request: ${message}`, {});
}
