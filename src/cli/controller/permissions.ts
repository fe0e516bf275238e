// May we do what we are about to do? Asked before anything is started, so that a missing permission is one line at the
// start and not a stream of failures later. A server that cannot be asked is trusted.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
import { isReason, type KubernetesObject, type Resource } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import type { Permission } from '../../controllers/daemonset/index.ts';

export interface NeededPermission extends Permission {
  /** Absent: in the whole cluster. */
  readonly namespace?: string;
}

interface AccessReview extends KubernetesObject {
  readonly spec: { readonly resourceAttributes: Readonly<Record<string, string>> };
  readonly status?: { readonly allowed: boolean };
}

const accessReviews: Resource<AccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  name: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
};

/** What is missing, in words, each with verb and resource; empty when nothing is, or when the server cannot say. */
export async function missingPermissions(
  client: Client,
  needed: readonly NeededPermission[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (needed.length === 0) return [];
  const single = needed.flatMap(({ verbs, ...rest }) => verbs.map((verb) => ({ ...rest, verb })));
  try {
    // The first alone: a server that does not know the question is not asked twenty times at once.
    const first = await isAllowed(client, single[0]!, signal);
    const rest = await Promise.all(single.slice(1).map((permission) => isAllowed(client, permission, signal)));
    const allowed = [first, ...rest];
    return single.filter((_, index) => allowed[index] === false).map(describe);
  } catch (error) {
    if (isReason(error, 'NotFound', 'MethodNotAllowed', 'Forbidden')) return [];
    throw error;
  }
}

type Single = Omit<NeededPermission, 'verbs'> & { readonly verb: string };

async function isAllowed(client: Client, permission: Single, signal: AbortSignal): Promise<boolean> {
  const { group, verb, namespace, name } = permission;
  const [resource = '', subresource] = permission.resource.split('/');
  const resourceAttributes = {
    group,
    resource,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
  const review = await client.create(accessReviews, { metadata: {}, spec: { resourceAttributes } }, { signal });
  return review.status?.allowed ?? true;
}

function describe({ verb, group, resource, namespace, name }: Single): string {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` '${name}'`}${where}`;
}
