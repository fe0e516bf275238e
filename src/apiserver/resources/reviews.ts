// Questions put as objects: may he, may I, who am I, whose token is that. Created, answered, kept nowhere.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import type { AuthorizationAttributes } from '../auth/authorize.ts';
import { tokenIssuer } from '../auth/service-account-tokens.ts';
import type { ApiResponse, User } from '../request.ts';
import { decodeBody } from '../verbs/body.ts';
import { fieldValidationOf } from '../verbs/parameters.ts';
import { prepare } from '../schema/index.ts';
import type { ResourceEntry, WriteContext } from './definition.ts';

const authorization = 'authorization.k8s.io';
const authentication = 'authentication.k8s.io';

interface AccessSpec {
  readonly resourceAttributes?: {
    readonly verb?: string;
    readonly group?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
}

interface SubjectSpec extends AccessSpec {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

type Review<Spec> = KubernetesObject & { readonly spec: Spec };
type Answer<Spec> = (spec: Spec, context: WriteContext, review: KubernetesObject) => object | Promise<object>;

function review<Spec>(
  group: string,
  kind: string,
  answer: Answer<Spec>,
  namespaced = false,
): ResourceEntry<KubernetesObject> {
  const version = 'v1';
  return {
    group,
    version,
    name: `${kind.toLowerCase()}s`,
    kind,
    namespaced,
    verbs: ['create'],
    async handle(context, { body, query, namespace }): Promise<ApiResponse> {
      const { definition } = context;
      const decoded = decodeBody(definition, body ?? {});
      const { object, warnings } = prepare(definition.schemaKey, decoded, {
        fieldValidation: fieldValidationOf(query),
      });
      const { spec } = object as Partial<Review<Spec>>;
      const placed = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
      const status = await answer(spec ?? ({} as Spec), context, placed);
      return { code: 201, body: { ...object, status }, warnings };
    },
  };
}

export const reviewEntries: readonly ResourceEntry<KubernetesObject>[] = [
  review<AccessSpec>(authorization, 'SelfSubjectAccessReview', (spec, context) => decide(spec, context.user, context)),
  review<SubjectSpec>(authorization, 'SubjectAccessReview', (spec, context) => decide(spec, subjectOf(spec), context)),
  review<SubjectSpec>(
    authorization,
    'LocalSubjectAccessReview',
    (spec, context, { metadata }) => {
      if (spec.resourceAttributes?.namespace !== metadata.namespace)
        throw invalid('spec.resourceAttributes.namespace', 'must match metadata.namespace');
      return decide(spec, subjectOf(spec), context);
    },
    true,
  ),
  review<{ readonly namespace?: string }>(authorization, 'SelfSubjectRulesReview', rulesOf),
  review<object>(authentication, 'SelfSubjectReview', (_, { user }) => ({ userInfo: userInfo(user) })),
  review<{ readonly token?: string; readonly audiences?: readonly string[] }>(
    authentication,
    'TokenReview',
    async ({ token = '', audiences = [] }, { server }) => {
      if (token === '') throw new StatusError('BadRequest', 'token is required for TokenReview in authentication');
      const found = await server.tokens.check(token, audiences.length === 0 ? [tokenIssuer] : audiences);
      if (found === undefined) return { user: {}, error: 'invalid bearer token' };
      return { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
    },
  ),
];

async function decide(spec: AccessSpec, user: User, { server }: WriteContext): Promise<object> {
  const { allowed, reason } = await server.authorize(attributesOf(spec, user));
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: AccessSpec, user: User): AuthorizationAttributes {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
    throw invalid(
      'spec.resourceAttributes',
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  if (nonResourceAttributes !== undefined)
    return { user, verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' };
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = resourceAttributes!;
  return {
    user,
    verb,
    group,
    resource,
    ...(subresource === '' ? {} : { subresource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
  };
}

function subjectOf({ user = '', groups = [], uid, extra }: SubjectSpec): User {
  if (user === '' && groups.length === 0) throw invalid('spec.user', 'at least one of user or group must be specified');
  return { name: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

function rulesOf({ namespace = '' }: { readonly namespace?: string }, { server, user }: WriteContext): object {
  if (namespace === '') throw new StatusError('BadRequest', 'no namespace on request');
  const rules = server.rbac.grants(user, namespace).map(({ rule }) => rule);
  return {
    resourceRules: rules
      .filter(({ resources = [] }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames === undefined ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

function userInfo({ name, uid, groups, extra }: User): object {
  return { username: name, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

function invalid(field: string, message: string): StatusError {
  return new StatusError('Invalid', `${field}: Invalid value: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });
}
