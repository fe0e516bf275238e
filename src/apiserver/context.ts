// What every verb of one API server shares. Made once by createApiServer, passed along, never global.
import type { Clock, Random } from '../machinery/index.ts';
import type { Store } from '../store/index.ts';
import type { Authorizer } from './auth/authorize.ts';
import type { Rbac } from './auth/rbac.ts';
import type { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import type { ResourceTable } from './resources/table.ts';

export interface ServerContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly resources: ResourceTable;
  readonly authorize: Authorizer;
  readonly rbac: Rbac;
  readonly tokens: ServiceAccountTokens;
}
