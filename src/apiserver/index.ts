// The door to the embedded API server.
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';
export { type AuthorizationAttributes, type Authorizer, mastersGroup } from './auth/authorize.ts';
export { type Component, componentUser } from './auth/component-roles.ts';
export type {
  ApiHandler,
  ApiRequest,
  ApiResponse,
  PatchContentType,
  User,
  Verb,
  WatchRequest,
  WatchSink,
} from './request.ts';
export { parseTokenFile } from './auth/authenticate.ts';
export { type ApiListener, listenApiServer, type ListenOptions } from './http/listen.ts';
export type { ConnectNode, NodeLocation } from './node-connection.ts';
export type { ResourceDefinition } from './resources/definition.ts';
export type { ResourceTable } from './resources/table.ts';
