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
    throw cannotBe(
      expected,
      body,
      `no kind ${JSON.stringify(isNamed(body.kind) ? shown(body.kind) : expected.kind)} is registered for version ${JSON.stringify(shown(body.apiVersion))} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  if (isNamed(body.kind) && body.kind !== expected.kind)
    throw cannotBe(
      expected,
      body,
      `converting (${expected.version}.${shown(body.kind)}) to (${packageOf(expected)}.${expected.kind}): unknown conversion`,
    );
  if (body.metadata !== undefined && body.metadata !== null && !isRecord(body.metadata))
    throw new StatusError('BadRequest', 'metadata is not an object');
  const metadata = body.metadata ?? {};
  if (body.kind === expected.kind && body.apiVersion === apiVersion && body.metadata === metadata)
    return body as unknown as KubernetesObject;
  return { ...body, apiVersion, kind: expected.kind, metadata };
}

/** As upstream, whose codec names its own packages. */
function cannotBe(expected: Expected, body: Readonly<Record<string, unknown>>, why: string): StatusError {
  const version = shown(body.apiVersion ?? groupVersionOf(expected)).replace(/^.*\//, '');
  const kind = isNamed(body.kind) ? shown(body.kind) : expected.kind;
  return new StatusError(
    'BadRequest',
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`,
  );
}

function packageOf({ group }: Expected): string {
  return group === '' ? 'core' : group.split('.', 1)[0]!;
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

/** The name of URL and body must agree; that of a patched object may be absent. */
export function settleName(object: KubernetesObject, request: ApiRequest): KubernetesObject {
  const name = request.name ?? '';
  const own = object.metadata.name ?? '';
  if (own === name) return object;
  if (own === '' && request.verb === 'update')
    throw new StatusError(
      'BadRequest',
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
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
