// POST serviceaccounts/NAME/token: a token for an account, bound to a time, an audience and maybe an object
// (pkg/registry/core/serviceaccount/storage/token.go).
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
import { formatTime, type KubernetesObject, type Pod, StatusError } from '../../api/index.ts';
import { nodeNameOf } from '../auth/node-authorizer.ts';
import { type BoundObject, tokenIssuer } from '../auth/service-account-tokens.ts';
import { conflict, forbidden, notFound } from '../errors.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { prepare } from '../schema/index.ts';
import { keyOf, stored } from '../storage.ts';
import { decodeBody } from '../verbs/body.ts';
import { fieldValidationOf } from '../verbs/parameters.ts';
import { getObject } from '../verbs/read.ts';
import type { Subresource, WriteContext } from './definition.ts';

const lifetimeSecondsMin = 600;
const lifetimeSecondsDefault = 3600;
/** A token that lives longer than this is never given out (the limit of the field itself is 2^32). */
const lifetimeSecondsMax = 365 * 24 * 3600;

type TokenRequest = KubernetesObject & {
  readonly spec?: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds?: number;
    readonly boundObjectRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  };
};

export const tokenSubresource: Subresource = {
  kind: 'TokenRequest',
  group: 'authentication.k8s.io',
  version: 'v1',
  verbs: ['create'],
  handle: issueToken,
};

async function issueToken(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { namespace = '', name = '', query } = request;
  const decoded = decodeBody(
    { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    request.body ?? {},
  );
  const { object, warnings } = prepare('authentication.k8s.io/v1/TokenRequest', decoded, {
    fieldValidation: fieldValidationOf(query),
  });
  const wanted = object as TokenRequest;
  const account = await getObject(context.server, context.definition, namespace, name);
  const lifetimeSeconds = lifetimeOf(wanted);
  const bound = await boundObject(context, wanted, namespace, name);
  const audiences = wanted.spec?.audiences ?? [];
  const { token, expiresMs } = context.server.tokens.issue({
    namespace,
    name,
    uid: account.metadata.uid!,
    audiences: audiences.length === 0 ? [tokenIssuer] : audiences,
    lifetimeSeconds,
    id: context.server.random.uuid(),
    ...(bound === undefined ? {} : { bound }),
  });
  const answered = {
    ...wanted,
    metadata: { name, namespace, creationTimestamp: formatTime(context.now) },
    spec: {
      ...wanted.spec,
      audiences: audiences.length === 0 ? [tokenIssuer] : audiences,
      expirationSeconds: lifetimeSeconds,
    },
    status: { token, expirationTimestamp: formatTime(expiresMs) },
  };
  return { code: 201, body: answered, warnings };
}

function lifetimeOf({ spec }: TokenRequest): number {
  const asked = spec?.expirationSeconds ?? lifetimeSecondsDefault;
  if (asked >= lifetimeSecondsMin && asked <= 2 ** 32) return Math.min(asked, lifetimeSecondsMax);
  const message =
    asked < lifetimeSecondsMin
      ? 'may not specify a duration less than 10 minutes'
      : 'may not specify a duration larger than 2^32 seconds';
  throw new StatusError(
    'Invalid',
    `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${asked}: ${message}`,
    {
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: `Invalid value: ${asked}: ${message}`,
          field: 'spec.expirationSeconds',
        },
      ],
    },
  );
}

async function boundObject(
  { server, definition, user }: WriteContext,
  { spec }: TokenRequest,
  namespace: string,
  account: string,
): Promise<BoundObject | undefined> {
  const { kind = '', name = '', uid = '' } = spec?.boundObjectRef ?? {};
  const node = nodeNameOf(user);
  // NodeRestriction: a node gets tokens for its pods, not for itself.
  if (node !== undefined && kind !== 'Pod')
    throw forbidden(definition, account, `node requested token not bound to a pod`);
  if (spec?.boundObjectRef === undefined) return undefined;
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node')
    throw new StatusError('BadRequest', `cannot bind token to object of type ${JSON.stringify(kind)}`);
  const resource = { group: '', name: `${kind.toLowerCase()}s` };
  const entry = await server.store.get(keyOf({ storage: resource.name, namespaced: kind !== 'Node' }, namespace, name));
  if (entry === undefined) throw notFound(resource, name);
  const object = stored(entry.value);
  if (uid !== '' && uid !== object.metadata.uid)
    throw conflict(
      resource,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (kind === 'Pod') {
    const pod = object as Pod & { readonly spec: { readonly serviceAccountName?: string } };
    if (pod.spec.serviceAccountName !== account)
      throw new StatusError(
        'BadRequest',
        `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
      );
    if (node !== undefined && pod.spec.nodeName !== node)
      throw forbidden(definition, account, `node requested token bound to a pod scheduled on a different node`);
  }
  return { kind, name, uid: object.metadata.uid! };
}
