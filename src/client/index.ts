// The door to client/: an API server as seen from here.
import type { ControllerDependencies } from '../machinery/index.ts';
import type { Client } from './client.ts';

export type {
  Client,
  ListOptions,
  PatchType,
  ReadOptions,
  RequestOptions,
  WatchOptions,
  WriteOptions,
} from './client.ts';
export { fixedResources, oneVersionEach, type ServedResources } from './served-resources.ts';
export { createDryRunClient } from './dry-run.ts';
export { eventSink } from './event-sink.ts';
export { createFakeClient, type FakeCall, type FakeClient, type FakeVerb } from './fake.ts';
export { applyFakePatch } from './fake-patch.ts';
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client.ts';
export { gateWrites, interceptCalls } from './intercept.ts';
export { type Connection, KubeconfigError, type KubeconfigOptions, loadKubeconfig } from './kubeconfig.ts';
export { leaseLock } from './lease-lock.ts';
export { listWatch, listWatchIfServed, type ListWatchOptions } from './list-watch.ts';
export { measureCalls } from './measure.ts';
export type { TlsOptions } from './connector.ts';

/** What every controller of this house is started with. */
export type ControllerContext = ControllerDependencies<Client>;
