// A request as the API server's inside sees it: parsed, authenticated, no longer HTTP. The HTTP front makes these from
// URLs and bodies; the in-process client (cluster/) makes them directly. One door: `ApiServer.handle`/`ApiServer.watch`.
import type { KubernetesObject } from '../api/index.ts';
import type { NodeLocation } from './node-connection.ts';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export type PatchContentType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

/** Who asks. `system:masters` may do everything. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  /** Of a service account: the object's. */
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ApiRequest {
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  /** Plural resource name of the URL. */
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Query parameters as Kubernetes names them: labelSelector, fieldSelector, limit, continue, dryRun, fieldManager … */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** The query as it was sent, for parameters that may stand there several times (the words of a command). */
  readonly search?: string | undefined;
  /** Parsed body: the object, the patch document, or DeleteOptions. */
  readonly body?: unknown;
  readonly patchType?: PatchContentType | undefined;
  /** Paths of the fields that the body's text names twice; parsing has lost all but the last. */
  readonly duplicates?: readonly string[] | undefined;
  readonly user: User;
  /** Recorded in managedFields when no fieldManager was named. */
  readonly userAgent?: string | undefined;
}

export interface ApiResponse {
  readonly code: number;
  /** An object, a list, or a Status; immutable, shared with the cache. */
  readonly body: unknown;
  /** Warning headers: deprecations, unknown fields under fieldValidation=Warn. */
  readonly warnings?: readonly string[];
  /** The answer is to be fetched from a node; there is no body then. */
  readonly location?: NodeLocation;
}

export interface WatchRequest {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly user: User;
}

export interface WatchSink {
  /**
   * Called in order; `object` is shared and immutable (a bookmark carries only kind and resourceVersion). `isReplay`:
   * older than the watch itself. Such events come all at once; that they wait does not make the watcher a slow one.
   */
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: KubernetesObject, isReplay?: boolean): void;
  /** No more events. With an error: too slow, compacted, or shutting down (a StatusError). */
  end(error?: Error): void;
}

/** The inside door of the embedded API server. Failures reject with (or throw) StatusError. */
export interface ApiHandler {
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Starts a watch; returns the function that stops it. */
  watch(request: WatchRequest, sink: WatchSink): Promise<() => void>;
}
