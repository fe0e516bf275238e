// `kubectl --as`: acting as somebody else, for those who may `impersonate` him
// (apiserver/pkg/endpoints/filters/impersonation). https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
import type { IncomingHttpHeaders } from 'node:http';
import { StatusError } from '../../api/index.ts';
import { unauthorizedAction } from '../errors.ts';
import type { User } from '../request.ts';
import type { Authorizer, ResourceAttributes } from './authorize.ts';

const serviceAccountPrefix = 'system:serviceaccount:';

/** Whether any header asks for another user, in whatever way. */
export function asksToImpersonate(headers: IncomingHttpHeaders): boolean {
  for (const header in headers) if (header.startsWith('impersonate-')) return true;
  return false;
}

/** The user in whose name the request is made; `real` when no header asks for another. */
export async function impersonated(real: User, headers: IncomingHttpHeaders, authorize: Authorizer): Promise<User> {
  const name = single(headers['impersonate-user']);
  const groups = listOf(headers['impersonate-group']);
  const other = Object.keys(headers).some(
    (header) => header === 'impersonate-uid' || header.startsWith('impersonate-extra-'),
  );
  if (other)
    throw new StatusError(
      'BadRequest',
      'impersonating a UID or extra fields is not served here: only users and groups are',
    );
  if (name === undefined) {
    if (groups.length === 0) return real;
    throw new StatusError('BadRequest', 'requested groups to impersonate without impersonating a user');
  }
  const require = async (attributes: Omit<ResourceAttributes, 'user' | 'verb' | 'group'>) => {
    const asked = { user: real, verb: 'impersonate', group: '', ...attributes };
    const { allowed, reason } = await authorize(asked);
    if (!allowed) throw unauthorizedAction(asked, reason);
  };
  const account = serviceAccountOf(name);
  if (account === undefined) await require({ resource: 'users', name });
  else await require({ resource: 'serviceaccounts', ...account });
  for (const group of groups) await require({ resource: 'groups', name: group });
  if (name === 'system:anonymous') return { name, groups: ['system:unauthenticated'] };
  const own =
    account !== undefined && groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`]
      : groups;
  return { name, groups: own.includes('system:authenticated') ? own : [...own, 'system:authenticated'] };
}

function serviceAccountOf(name: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!name.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace = '', account = '', ...more] = name.slice(serviceAccountPrefix.length).split(':');
  return namespace === '' || account === '' || more.length > 0 ? undefined : { namespace, name: account };
}

function single(value: string | string[] | undefined): string | undefined {
  const [first] = [value ?? []].flat();
  return first === undefined || first === '' ? undefined : first;
}

/** Node joins repeated headers of unknown names with a comma; names of groups have none. */
function listOf(value: string | string[] | undefined): readonly string[] {
  return [value ?? []]
    .flat()
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
