// Status errors with the wording of apimachinery's api/errors: clients and people know these sentences.
import { StatusError, type StatusCause } from '../api/index.ts';
import { CompactedError, StoreClosedError, StoreUnavailableError, WriteFailedError } from '../store/index.ts';
import type { PathAttributes, ResourceAttributes } from './auth/authorize.ts';
import { qualifiedName } from './resources/definition.ts';

/** When to ask again after the store did not answer: upstream's own. */
const retryAfterSeconds = 2;

interface Named {
  readonly group: string;
  /** Plural. */
  readonly name: string;
}

const details = (resource: Named, name: string) => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.name,
});

export function notFound(resource: Named, name: string): StatusError {
  return new StatusError('NotFound', `${qualifiedName(resource)} "${name}" not found`, details(resource, name));
}

export function alreadyExists(resource: Named, name: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${qualifiedName(resource)} "${name}" already exists`,
    details(resource, name),
  );
}

export function conflict(resource: Named, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`;
  return new StatusError('Conflict', message, details(resource, name));
}

/** A precondition of a delete does not hold; upstream names the kind here, not the resource (kubernetes store.go). */
export function preconditionFailed(
  resource: Named & { readonly kind: string },
  name: string,
  why: string,
): StatusError {
  const { group, kind } = resource;
  const message = `Operation cannot be fulfilled on ${qualifiedName({ group, name: kind })} "${name}": ${why}`;
  return new StatusError('Conflict', message, { ...details(resource, name), kind });
}

/** The optimistic lock: the caller's resourceVersion is not the current one. */
export function modified(resource: Named, name: string): StatusError {
  return conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function forbidden(resource: Named, name: string, why: string, causes?: readonly StatusCause[]): StatusError {
  const subject = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, {
    ...details(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

/** What the authorizer's refusal looks like (apiserver/pkg/endpoints/handlers/responsewriters forbiddenMessage). */
export function unauthorizedAction(attributes: ResourceAttributes, reason: string): StatusError {
  const { user, verb, group, resource, subresource, namespace, name = '' } = attributes;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const why = `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
  return forbidden({ group, name: resource }, name, reason === '' ? why : `${why}: ${reason}`);
}

/** The same for a path that is no resource. */
export function unauthorizedPath({ user, verb, path }: PathAttributes, reason: string): StatusError {
  const why = `User "${user.name}" cannot ${verb} path "${path}"`;
  return new StatusError('Forbidden', `forbidden: ${reason === '' ? why : `${why}: ${reason}`}`);
}

export function shuttingDown(): StatusError {
  return new StatusError('ServiceUnavailable', 'the API server is shutting down', { retryAfterSeconds: 1 });
}

/** History was compacted: the client must list again, or go on with `continueToken` if that is good enough for it. */
export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError('Expired', message, undefined, continueToken === undefined ? {} : { continueToken });
}

/** Of a resource that is there and has no such verb. */
export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** What a request gets to see of any failure. Programmer errors and store failures keep their cause, for the log. */
export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof CompactedError) return expired('The provided resource version is too old.');
  if (error instanceof StoreClosedError)
    return new StatusError('ServiceUnavailable', 'the store is closed', undefined, { cause: error });
  // As of an etcd that cannot be reached (apiserver/pkg/registry/generic interpretation: IsUnreachable).
  if (error instanceof StoreUnavailableError)
    return new StatusError(
      'ServerTimeout',
      'the store did not answer in time; a write may have been made',
      { retryAfterSeconds },
      { cause: error },
    );
  if (error instanceof WriteFailedError)
    return new StatusError('InternalError', 'the store could not write', undefined, { cause: error });
  return new StatusError('InternalError', 'an error on the server prevented the request from succeeding', undefined, {
    cause: error,
  });
}
