// The requests of the store to etcd's key-value service: compare-and-write, ranges, the marker. What a failure of them
// means is decided here; what is cached of their answers is not.
import { create } from '@bufbuild/protobuf';
import { RevisionMismatchError, type StoredValue, StoreUnavailableError } from '../store.ts';
import { type EtcdConnection, wasNeverSent } from './connection.ts';
import {
  CompactionRequestSchema,
  Compare_CompareTarget,
  type KeyValue,
  RangeRequestSchema,
  type RequestOp,
  RequestOpSchema,
  type ResponseHeader,
  type TxnRequest,
  TxnRequestSchema,
} from './generated/etcd_pb.ts';
import { encodeValue, type KeySpace } from './keys.ts';

/** Keys read at once when everything is read: some MB of pods. */
const pageKeys = 500;

/** Where etcd stands, agreed with a majority of its members: not older than any acknowledged write. */
export async function currentHeader(connection: EtcdConnection, keys: KeySpace): Promise<ResponseHeader> {
  const request = create(RangeRequestSchema, { key: keys.marker, keysOnly: true });
  const { header } = await connection.read((kv, options) => kv.range(request, options));
  return header!;
}

export interface Snapshot {
  readonly header: ResponseHeader;
  readonly found: readonly KeyValue[];
}

/** Everything under the prefix at one revision. */
export async function readAll(connection: EtcdConnection, keys: KeySpace): Promise<Snapshot> {
  const found: KeyValue[] = [];
  let header: ResponseHeader | undefined;
  for (let key = keys.first; ; ) {
    const request = create(RangeRequestSchema, {
      key,
      rangeEnd: keys.end,
      limit: BigInt(pageKeys),
      revision: header?.revision ?? 0n,
    });
    const page = await connection.read((kv, options) => kv.range(request, options));
    header ??= page.header!;
    found.push(...page.kvs);
    if (!page.more) return { header, found };
    key = Buffer.concat([page.kvs.at(-1)!.key, Buffer.of(0)]);
  }
}

/** Writes the marker; resolves to its revision. */
export async function writeMarker(connection: EtcdConnection, keys: KeySpace): Promise<number> {
  const request = create(TxnRequestSchema, { success: [put(keys.marker, new Uint8Array())] });
  // Writing it twice does no harm.
  const { header } = await connection.read((kv, options) => kv.txn(request, options));
  return Number(header!.revision);
}

/** Writes when the key's modification revision is `expected`; see Store.put and Store.delete (no value). */
export async function compareAndWrite(
  connection: EtcdConnection,
  keys: KeySpace,
  key: string,
  expected: number,
  value?: StoredValue,
): Promise<number> {
  const path = keys.encode(key);
  const bytes = value === undefined ? undefined : encodeValue(value);
  // There is nothing to delete where nothing is: a condition that never holds, and the answer says what is there.
  const isImpossible = bytes === undefined && expected === 0;
  const request = create(TxnRequestSchema, {
    compare: [
      {
        target: Compare_CompareTarget.MOD,
        key: path,
        targetUnion: { case: 'modRevision', value: BigInt(isImpossible ? -1 : expected) },
      },
    ],
    success: [bytes === undefined ? deletion(path) : put(path, bytes)],
    failure: [read(path, { keysOnly: true })],
  });
  const { succeeded, header, responses } = await sendOnce(connection, request, path, expected, bytes);
  if (succeeded) return Number(header!.revision);
  const answer = responses[0]?.response;
  const current = answer?.case === 'responseRange' ? answer.value.kvs[0]?.modRevision : undefined;
  throw new RevisionMismatchError(key, Number(current ?? 0n));
}

/**
 * When the connection breaks before the answer comes, nobody knows whether the write was made. It is not sent again: a
 * creation that was made, and undone by somebody else since, would come back. If our very bytes stand there, it was.
 */
async function sendOnce(
  connection: EtcdConnection,
  request: TxnRequest,
  path: Uint8Array,
  expected: number,
  bytes: Uint8Array | undefined,
): Promise<Pick<Awaited<ReturnType<typeof send>>, 'succeeded' | 'header' | 'responses'>> {
  try {
    return await send(connection, request);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || wasNeverSent(error) || bytes === undefined) throw error;
    const look = create(RangeRequestSchema, { key: path });
    const { header, kvs } = await connection.read((kv, options) => kv.range(look, options));
    const found = kvs[0];
    const isOurs = found !== undefined && found.modRevision > expected && Buffer.compare(found.value, bytes) === 0;
    if (!isOurs) throw error;
    return { succeeded: true, header: { ...header!, revision: found.modRevision }, responses: [] };
  }
}

function send(connection: EtcdConnection, request: TxnRequest) {
  return connection.write((kv, options) => kv.txn(request, options));
}

function put(key: Uint8Array, value: Uint8Array): RequestOp {
  return create(RequestOpSchema, { request: { case: 'requestPut', value: { key, value } } });
}

function deletion(key: Uint8Array): RequestOp {
  return create(RequestOpSchema, { request: { case: 'requestDeleteRange', value: { key } } });
}

function read(key: Uint8Array, { keysOnly }: { readonly keysOnly: boolean }): RequestOp {
  return create(RequestOpSchema, { request: { case: 'requestRange', value: { key, keysOnly } } });
}

/** Fails with an error that `isOutOfRange` when etcd was compacted further already, or has not come so far. */
export async function compact(connection: EtcdConnection, revision: number): Promise<void> {
  const request = create(CompactionRequestSchema, { revision: BigInt(revision) });
  // Compacting twice does no harm.
  await connection.read((kv, options) => kv.compact(request, options));
}
