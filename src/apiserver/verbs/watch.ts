// watch: a gap-free stream of what happens to a selection of objects.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
import type { KubernetesObject } from '../../api/index.ts';
import { CompactedError, FutureRevisionError, type StoreEvent } from '../../store/index.ts';
import type { ServerContext } from '../context.ts';
import { asStatusError, expired } from '../errors.ts';
import type { WatchRequest, WatchSink } from '../request.ts';
import { groupVersionOf, type ResourceDefinition } from '../resources/definition.ts';
import { compileSelection, type Selection } from '../selection.ts';
import { keyOf, objectAt, prefixOf, stored } from '../storage.ts';
import { checkWatchOptions } from './list-options.ts';
import { flagOf, integerOf, resourceVersionOf } from './parameters.ts';
import { refuseFuture, shown } from './read.ts';

/** Upstream sends a bookmark about once a minute. */
const bookmarkMs = 60_000;
/** A watch that names no timeout ends after 30 to 60 minutes, so that clients spread again over servers. */
const watchTimeoutMsMin = 30 * 60_000;
const watchTimeoutMsMax = 24 * 60 * 60_000;

/** Starts the watch; the sink hears of every event in order. Returns the stop function. */
export async function watchObjects(
  server: ServerContext,
  definition: ResourceDefinition,
  request: WatchRequest,
  sink: WatchSink,
): Promise<() => void> {
  const { query, namespace } = request;
  checkWatchOptions(query);
  const selection = compileSelection(definition, query, request.name);
  const single = selection.name !== undefined && (namespace !== undefined || !definition.namespaced);
  // A prefix of one full key also covers longer names; the selection sorts those out.
  const prefix = single ? keyOf(definition, namespace, selection.name) : prefixOf(definition, namespace);

  const from = resourceVersionOf(query);
  const asksInitial = flagOf(query, 'sendInitialEvents');
  const wantsInitial = asksInitial === true;
  if (wantsInitial && from !== undefined) await refuseFuture(server, from);
  let revision = from ?? 0;
  if (wantsInitial || (asksInitial === undefined && (from === undefined || from === 0))) {
    const range = await server.store.range(prefix);
    revision = range.revision;
    for (const { value, revision: changed } of range.entries)
      if (selection.matches(stored(value))) sink.event('ADDED', shown(definition, objectAt(value, changed)));
    if (wantsInitial && flagOf(query, 'allowWatchBookmarks') === true)
      sink.event('BOOKMARK', bookmark(definition, revision, { 'k8s.io/initial-events-end': 'true' }));
  } else if (from === undefined || from === 0) {
    revision = await server.store.revision();
  }
  return follow(server, definition, request, { prefix, selection, revision }, sink);
}

interface Start {
  readonly prefix: string;
  readonly selection: Selection;
  readonly revision: number;
}

function follow(
  server: ServerContext,
  definition: ResourceDefinition,
  request: WatchRequest,
  { prefix, selection, revision }: Start,
  sink: WatchSink,
): () => void {
  const cancels: (() => void)[] = [];
  let ended = false;
  let last = revision;
  const end = (error?: Error) => {
    if (ended) return;
    ended = true;
    for (const cancel of cancels) cancel();
    sink.end(error);
  };

  const handler = {
    events(events: readonly StoreEvent[], isReplay = false): void {
      for (const event of events) {
        if (ended) return;
        last = event.revision;
        const seen = translate(event, selection);
        if (seen !== undefined) sink.event(seen.type, shown(definition, seen.object), isReplay);
      }
    },
    end: (error?: Error) => end(error === undefined ? undefined : watchError(error, last)),
  };
  let stopStore: () => void;
  try {
    stopStore = server.store.watch(prefix, revision, handler);
  } catch (error) {
    throw watchError(error, revision);
  }
  cancels.push(stopStore);
  cancels.push(server.clock.after(timeoutMs(server, request), () => end()));
  if (flagOf(request.query, 'allowWatchBookmarks') === true) {
    let sampled = last;
    let cancelTimer: () => void;
    const tick = async () => {
      // The newest revision as it was one period ago: everything up to there has been delivered by now.
      const proven = Math.max(last, sampled);
      sampled = await server.store.revision();
      if (ended) return;
      sink.event('BOOKMARK', bookmark(definition, proven, undefined));
      arm();
    };
    const arm = () => {
      cancelTimer = server.clock.after(bookmarkMs, () => {
        tick().catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))));
      });
    };
    arm();
    cancels.push(() => cancelTimer());
  }
  return () => end();
}

/** What a change means to someone who sees only the selection: objects enter it and leave it. */
function translate(
  event: StoreEvent,
  selection: Selection,
): { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubernetesObject } | undefined {
  if (event.type === 'delete') {
    if (!selection.matches(stored(event.value))) return undefined;
    return { type: 'DELETED', object: objectAt(event.value, event.revision) };
  }
  const now = selection.matches(stored(event.value));
  const before = event.previous !== undefined && selection.matches(stored(event.previous));
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: objectAt(event.value, event.revision) };
  if (before) return { type: 'DELETED', object: objectAt(event.previous, event.revision) };
  return undefined;
}

function bookmark(
  definition: ResourceDefinition,
  revision: number,
  annotations: Readonly<Record<string, string>> | undefined,
): KubernetesObject {
  return {
    kind: definition.kind,
    apiVersion: groupVersionOf(definition),
    metadata: { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) },
  };
}

function timeoutMs(server: ServerContext, request: WatchRequest): number {
  const seconds = integerOf(request.query, 'timeoutSeconds') ?? 0;
  if (seconds > 0) return Math.min(seconds * 1000, watchTimeoutMsMax);
  return watchTimeoutMsMin * (1 + server.random.next());
}

function watchError(error: unknown, asked: number): Error {
  if (error instanceof CompactedError) return expired(`too old resource version: ${asked} (${error.compacted})`);
  // A version from another life of the cluster: the client must list again, waiting would not help.
  if (error instanceof FutureRevisionError) return expired(`unknown resource version, the newest is ${error.current}`);
  return asStatusError(error);
}
