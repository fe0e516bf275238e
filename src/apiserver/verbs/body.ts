// From a request's body to an object of the resource: kind and apiVersion checked, namespace and name settled.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import type { ApiRequest } from '../request.ts';
import { groupVersionOf } from '../resources/definition.ts';

interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Throws BadRequest when the body is no object of this kind. Absent kind and apiVersion are the expected ones. */
export function decodeBody(expected: Expected, body: unknown): KubernetesObject {
  if (!isRecord(body)) throw new StatusError('BadRequest', `the request body is not a ${expected.kind} object`);
  const apiVersion = groupVersionOf(expected);
  if (isNamed(body.apiVersion) && body.apiVersion !== apiVersion)
    throw new StatusError(
      'BadRequest',
      `the API version in the data (${shown(body.apiVersion)}) does not match the expected API version (${apiVersion})`,
    );
  if (isNamed(body.kind) && body.kind !== expected.kind)
    throw new StatusError(
      'BadRequest',
      `the kind in the data (${shown(body.kind)}) does not match the expected kind (${expected.kind})`,
    );
  if (body.metadata !== undefined && body.metadata !== null && !isRecord(body.metadata))
    throw new StatusError('BadRequest', 'metadata is not an object');
  const metadata = body.metadata ?? {};
  if (body.kind === expected.kind && body.apiVersion === apiVersion && body.metadata === metadata)
    return body as unknown as KubernetesObject;
  return { ...body, apiVersion, kind: expected.kind, metadata };
}

/** The namespace of URL and body must agree; the body's may be absent. Cluster-scoped objects lose theirs. */
export function settleNamespace(object: KubernetesObject, namespace: string | undefined): KubernetesObject {
  const { namespace: own, ...metadata } = object.metadata;
  if (namespace === own) return object;
  if (namespace === undefined) return { ...object, metadata };
  if ((own ?? '') !== '')
    throw new StatusError(
      'BadRequest',
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  return { ...object, metadata: { ...metadata, namespace } };
}

/** The name of URL and body must agree; the body's may be absent. */
export function settleName(object: KubernetesObject, request: ApiRequest): KubernetesObject {
  const name = request.name ?? '';
  const own = object.metadata.name ?? '';
  if (own === name) return object;
  if (own === '') return { ...object, metadata: { ...object.metadata, name } };
  throw new StatusError('BadRequest', `the name of the object (${own}) does not match the name on the URL (${name})`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Not String(): an object may have a `toString` of its own that is no function. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
