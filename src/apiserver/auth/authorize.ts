// Who may do what: the seam. Today members of system:masters may do everything and nobody else anything; RBAC goes here.
import type { User } from '../request.ts';

export interface AuthorizationAttributes {
  readonly user: User;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Undefined when allowed, else the reason in words. */
export type Authorizer = (attributes: AuthorizationAttributes) => string | undefined;

export const mastersGroup = 'system:masters';

export const mastersOnly: Authorizer = ({ user }) =>
  user.groups.includes(mastersGroup) ? undefined : `only members of ${mastersGroup} have access to this cluster`;
