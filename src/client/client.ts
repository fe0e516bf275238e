// An API server as seen from here: one interface. The HTTP implementation talks to any Kubernetes API server, the
// in-process one (cluster/) calls the embedded server's verbs without a socket. Every failure is a StatusError;
// objects that come back are immutable and may be shared with others.
import type {
  DeleteOptions,
  KubernetesList,
  KubernetesObject,
  PartialFields,
  Resource,
  Stored,
  WatchEvent,
} from '../api/index.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends RequestOptions {
  /** The only fields that will be read: whatever else the object has may be missing in what comes back. */
  readonly fields?: PartialFields;
}

export interface ListOptions extends ReadOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  /** '0' allows any cached version; absent = the most recent. */
  readonly resourceVersion?: string;
}

export interface WatchOptions extends ReadOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this version. A compacted one throws StatusError Expired (410). */
  readonly resourceVersion: string;
  /** Begins with everything there is, then a bookmark annotated `k8s.io/initial-events-end`; the version is '' then. */
  readonly sendInitialEvents?: true;
}

export interface WriteOptions extends ReadOptions {
  readonly subresource?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface Client {
  /** It is cheaper to get a list as a watch (`sendInitialEvents`) than in pages; absent where there is no wire. */
  readonly streamsLists?: true;
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    options?: RequestOptions,
  ): Promise<Stored<T>>;
  list<T extends KubernetesObject>(resource: Resource<T>, options?: ListOptions): Promise<KubernetesList<Stored<T>>>;
  /** Ends when the server closes it (normal: watch again from the last version) or the signal aborts. */
  watch<T extends KubernetesObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<Stored<T>>>;
  /** Namespace and name are the object's own. */
  create<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  /** Replaces; metadata.resourceVersion, when set, is the optimistic lock. */
  update<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** Resolves once the server took the deletion; the object may live on while its finalizers or grace period run. */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions & RequestOptions,
  ): Promise<void>;
  /** POST to a subresource whose body is of another kind: pods/binding, pods/eviction. */
  createSubresource<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: KubernetesObject,
    options?: RequestOptions,
  ): Promise<void>;
}
