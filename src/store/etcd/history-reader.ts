// Events from before this process's own history begins, which etcd still has: so a watch or a continue token of the
// process's last life, or of another API server on the same etcd, goes on.
import { create } from '@bufbuild/protobuf';
import { CompactedError, type StoreEvent } from '../store.ts';
import type { EtcdConnection } from './connection.ts';
import { type Event, Event_EventType, type KeyValue, WatchCreateRequestSchema } from './generated/etcd_pb.ts';
import { decodeValue, type KeySpace } from './keys.ts';

export interface OlderHistory {
  /** The events begin after this revision: the one asked for, or a later one when there were too many. */
  readonly compacted: number;
  readonly events: readonly StoreEvent[];
  /** For each event the revision of what stood there before, 0 for nothing. */
  readonly previousRevisions: readonly number[];
}

export interface HistoryWanted {
  readonly after: number;
  readonly until: number;
  /** Of more, the newest are kept. */
  readonly eventsMax: number;
}

/**
 * All events with a revision greater than `after` and at most `until`. `mark` makes etcd tell of something later than
 * `until`, which is how the end is known. Throws CompactedError when etcd has them no more.
 */
export async function readHistory(
  connection: EtcdConnection,
  keys: KeySpace,
  { after, until, eventsMax }: HistoryWanted,
  mark: () => Promise<unknown>,
): Promise<OlderHistory> {
  let compacted = after;
  const watch = create(WatchCreateRequestSchema, {
    key: keys.first,
    rangeEnd: keys.end,
    startRevision: BigInt(after + 1),
    prevKv: true,
    fragment: true,
  });
  const events: StoreEvent[] = [];
  const previousRevisions: number[] = [];
  const values = new Map<string, { readonly revision: bigint; readonly value: StoreEvent['value'] }>();
  const valueOf = (key: string, found: KeyValue) => {
    const known = values.get(key);
    return known?.revision === found.modRevision ? known.value : decodeValue(found);
  };
  for await (const response of connection.watch(watch, connection.signal)) {
    if (response.canceled) throw new CompactedError(Number(response.compactRevision));
    if (response.created) await mark();
    for (const event of response.events) {
      const { modRevision } = event.kv!;
      if (modRevision > BigInt(until)) return { compacted, events, previousRevisions };
      const key = keys.decode(event.kv!.key);
      if (key === undefined) continue;
      const before = previousOf(event, after);
      const previous = before === undefined ? undefined : valueOf(key, before);
      const isPut = event.type === Event_EventType.PUT;
      const value = isPut ? decodeValue(event.kv!) : previous!;
      if (isPut) values.set(key, { revision: modRevision, value });
      const type = isPut ? 'put' : 'delete';
      events.push({ type, key, value, ...(previous !== undefined && { previous }), revision: Number(modRevision) });
      previousRevisions.push(Number(before?.modRevision ?? 0n));
      // Cut in slabs: dropping is O(1) on average.
      if (events.length < 2 * eventsMax) continue;
      const dropped = events.splice(0, events.length - eventsMax);
      previousRevisions.splice(0, dropped.length);
      compacted = dropped.at(-1)!.revision;
    }
  }
  throw connection.signal.reason as Error;
}

/** etcd leaves it out when it was compacted since the watch began: then the event cannot be told in full. */
function previousOf({ type, kv, prevKv }: Event, after: number): KeyValue | undefined {
  const isCreation = type === Event_EventType.PUT && kv!.createRevision === kv!.modRevision;
  if (prevKv === undefined && !isCreation) throw new CompactedError(after + 1);
  return prevKv;
}
