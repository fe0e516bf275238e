// What the API server must know of one resource: one entry of the resource table. Generic verbs ask it everything that
// differs between kinds; nothing else in this room tests for a kind's name.
import type { KubernetesObject } from '../../api/index.ts';
import type { ApiRequest, ApiResponse, User } from '../request.ts';
import type { ServerContext } from '../context.ts';
import type { Structure } from '../patch/index.ts';
import type { Column } from '../printing/column.ts';
import { builtinSchema, type ObjectSchema, type OpenApiSchema } from '../schema/index.ts';

/** What a write has at hand besides the object. */
export interface WriteContext {
  readonly server: ServerContext;
  readonly definition: ResourceDefinition;
  readonly user: User;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a kind does differently, after upstream's registry strategies. All take and return immutable objects. */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  /** Fills in what only the server may set. Runs before validation; may look other objects up (admission). */
  prepareForCreate?(object: T, context: WriteContext): T | Promise<T>;
  /** `next` already has the server-owned metadata and the status of `before`. */
  prepareForUpdate?(next: T, before: T, context: WriteContext): T;
  /** `next` already has everything but its status and metadata from `before`. */
  prepareForStatusUpdate?(next: T, before: T, context: WriteContext): T;
  /** What of `wanted` a write to this subresource takes over into `before`. */
  prepareForSubresource?(wanted: T, before: T, subresource: string): T;
  /** The grace period in seconds that a delete of this object gets; absent: kinds that go at once. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** Throws StatusError when this object may never be deleted. */
  admitDelete?(object: T, context: WriteContext): void;
  /** What an object that may be written says and better would not; `before`: what it replaces. Not asked of subresources. */
  warnings?(object: T, before: T | undefined): readonly string[];
  /** Whether more than metadata.finalizers keeps a deleted object in being. */
  isHeld?(object: T): boolean;
  /** What a delete writes first, for kinds that end in steps (namespaces); undefined: delete as usual. */
  beginDeletion?(object: T, context: WriteContext): T | undefined;
}

export interface Subresource {
  /** Kind of the body, with its group and version when they are not the parent's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  /** Comes from a node, as text or as streams: `handle` says where from (ApiResponse.location). */
  readonly isStream?: boolean;
  /** How a table shows it; absent: as the object itself. */
  readonly columns?: readonly Column[];
  /** Absent for `status`, which the generic verbs serve. */
  readonly handle?: (context: WriteContext, request: ApiRequest) => Promise<ApiResponse>;
}

/** Translates between the served version and the stored one, for a resource that is served in two shapes. */
export interface Conversion {
  toStored(object: KubernetesObject): KubernetesObject;
  fromStored(object: KubernetesObject): KubernetesObject;
}

export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  /** Plural, as in the URL. */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly listKind: string;
  /** `apps/v1/DaemonSet`: what schema/ and patch/ call it. */
  readonly schemaKey: string;
  readonly schema: ObjectSchema;
  /** How apply sees objects and how OpenAPI describes them, when the field table does not know the kind. */
  readonly structure?: Structure;
  readonly openApi?: OpenApiSchema;
  /** `daemonsets.apps`: the first part of its store keys; resources with the same one share their objects. */
  readonly storage: string;
  readonly conversion?: Conversion;
  /** The status is written through the status subresource alone. */
  readonly statusSubresource: boolean;
  /** The status that a client sends along with a create is kept (nodes). */
  readonly keepsStatusOnCreate: boolean;
  /** metadata.generation counts changes outside metadata and status. */
  readonly countsGenerations: boolean;
  /** PUT to a name that does not exist creates it (leases, events). */
  readonly createsOnUpdate: boolean;
  /** An update must say which version it is of (AllowUnconditionalUpdate is false). */
  readonly updatesNeedVersion: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  /** Objects go away this long after their last change (events). */
  readonly ttlMs?: number;
  /** Said in a Warning to whoever uses it. */
  readonly deprecation?: string;
  /** What may be done with the resource itself. */
  readonly verbs: readonly string[];
  /** Serves every verb in place of the generic ones, for what is answered and not stored (reviews). */
  readonly handle?: Subresource['handle'];
  readonly subresources: Readonly<Record<string, Subresource>>;
  readonly columns: readonly Column[];
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: KubernetesObject) => string>>;
  readonly strategy: Strategy;
}

/** An entry as the table's files write it: what is not said has the usual value. */
export interface ResourceEntry<T extends KubernetesObject> {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly singular?: string;
  readonly listKind?: string;
  readonly schema?: ObjectSchema;
  readonly structure?: Structure;
  readonly openApi?: OpenApiSchema;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storage?: string;
  readonly conversion?: Conversion;
  readonly statusSubresource?: boolean;
  readonly keepsStatusOnCreate?: boolean;
  readonly countsGenerations?: boolean;
  readonly createsOnUpdate?: boolean;
  readonly updatesNeedVersion?: boolean;
  readonly returnsDeleted?: boolean;
  readonly ttlMs?: number;
  readonly deprecation?: string;
  readonly verbs?: readonly string[];
  readonly handle?: ResourceDefinition['handle'];
  readonly subresources?: Readonly<Record<string, Subresource>>;
  readonly columns?: readonly Column<T>[];
  readonly fields?: Readonly<Record<string, (object: T) => string | undefined>>;
  readonly strategy?: Strategy<T>;
}

const everyVerb = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;
const status: Subresource = { kind: '', verbs: ['get', 'patch', 'update'] };

/** Completes an entry. The kind's own type ends here: the generic verbs see KubernetesObject. */
export function defineResource<T extends KubernetesObject>(
  entry: ResourceEntry<T>,
  defaultColumns: readonly Column[],
): ResourceDefinition {
  const apiVersion = groupVersionOf(entry);
  const { conversion, ttlMs, handle, structure, openApi, deprecation } = entry;
  const schemaKey = `${apiVersion}/${entry.kind}`;
  const fields = (entry.fields ?? {}) as Readonly<Record<string, (object: KubernetesObject) => string | undefined>>;
  return {
    group: entry.group,
    version: entry.version,
    name: entry.name,
    singular: entry.singular ?? entry.kind.toLowerCase(),
    kind: entry.kind,
    namespaced: entry.namespaced,
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    listKind: entry.listKind ?? `${entry.kind}List`,
    schemaKey,
    schema: entry.schema ?? builtinSchema(schemaKey),
    ...(structure === undefined ? {} : { structure }),
    ...(openApi === undefined ? {} : { openApi }),
    storage: entry.storage ?? qualifiedName(entry),
    ...(conversion === undefined ? {} : { conversion }),
    statusSubresource: entry.statusSubresource ?? false,
    keepsStatusOnCreate: entry.keepsStatusOnCreate ?? !(entry.statusSubresource ?? false),
    countsGenerations: entry.countsGenerations ?? false,
    createsOnUpdate: entry.createsOnUpdate ?? false,
    updatesNeedVersion: entry.updatesNeedVersion ?? false,
    returnsDeleted: entry.returnsDeleted ?? false,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(deprecation === undefined ? {} : { deprecation }),
    verbs: entry.verbs ?? everyVerb,
    ...(handle === undefined ? {} : { handle }),
    subresources: {
      ...(entry.statusSubresource === true ? { status: { ...status, kind: entry.kind } } : {}),
      ...entry.subresources,
    },
    columns: (entry.columns as readonly Column[] | undefined) ?? defaultColumns,
    fields: Object.fromEntries(
      Object.entries(fields).map(([path, read]) => [path, (object: KubernetesObject) => read(object) ?? '']),
    ),
    strategy: entry.strategy ?? {},
  };
}

/** `v1`, `apps/v1` */
export function groupVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `pods`, `daemonsets.apps`: how messages and store keys name a resource. */
export function qualifiedName(resource: { readonly group: string; readonly name: string }): string {
  return resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
}
