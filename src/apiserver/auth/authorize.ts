// Who may do what: what is asked, what the answer is, and how several authorizers make one.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/
import type { User } from '../request.ts';

export interface ResourceAttributes {
  readonly user: User;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  /** Also when a field selector on metadata.name says it (apiserver RequestInfo). */
  readonly name?: string | undefined;
  /** Of a list or watch: the node it is limited to by `spec.nodeName=…`. */
  readonly nodeName?: string | undefined;
}

/** A path that is no resource: discovery, OpenAPI, metrics. */
export interface PathAttributes {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
}

export type AuthorizationAttributes = ResourceAttributes | PathAttributes;

/** `reason` is for people; it says which rule allows it, or why nothing does, and may be empty. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** At once where nothing has to be looked up, as for most requests. */
type Decided = Decision | Promise<Decision>;

export type Authorizer = (attributes: AuthorizationAttributes) => Decided;

export const mastersGroup = 'system:masters';

export function isMaster(user: User): boolean {
  return user.groups.includes(mastersGroup);
}

/** Always last resort and first asked: whoever breaks the roles can still mend them. */
export const masters: Authorizer = ({ user }) => ({ allowed: isMaster(user), reason: '' });

/** The first that allows decides; when none does, the reasons of all are given (apiserver union.New). */
export function anyOf(...authorizers: readonly Authorizer[]): Authorizer {
  const ask = (attributes: AuthorizationAttributes, index: number, reasons: readonly string[]): Decided => {
    const authorize = authorizers[index];
    if (authorize === undefined) return { allowed: false, reason: reasons.join('\n') };
    const goOn = (decision: Decision): Decided => {
      if (decision.allowed) return decision;
      return ask(attributes, index + 1, decision.reason === '' ? reasons : [...reasons, decision.reason]);
    };
    const decided = authorize(attributes);
    return decided instanceof Promise ? decided.then(goOn) : goOn(decided);
  };
  return (attributes) => ask(attributes, 0, []);
}
