// What reads an API server's answers: the reduced protobuf reader, the cutting of watches into events, and the views that
// are made of objects. What comes is another answer or a StatusError; never a crash, never a view of nonsense.
import assert from 'node:assert/strict';
import { misfit, type PartialFields, type Resource, resources, StatusError } from '../../../src/api/index.ts';
import {
  encodeEvent,
  encodeList,
  encodeMessage,
  encodeObject,
} from '../../../src/client/protobuf/encode.test-support.ts';
import { readObject, readStatus, readWatchEvent } from '../../../src/client/protobuf/envelope.ts';
import { requireObject } from '../../../src/client/plausible.ts';
import { createWatchDecoder } from '../../../src/client/watch-stream.ts';
import { nodeFields, podFields, readDaemonSet, viewNode, viewPod } from '../../../src/core/daemonset/index.ts';
import { corpus } from '../support/corpus.ts';
import { mutateBytes, mutateValue } from '../support/mutate.ts';
import { createRng, type Rng } from '../support/rng.ts';
import { simple } from '../support/target.ts';

const protobuf = 'application/vnd.kubernetes.protobuf;stream=watch';
const stored = { uid: 'u', resourceVersion: '5', namespace: 'default' };
const ofKind = (kind: string) => {
  const object = corpus.find((one) => one['kind'] === kind)! as { readonly metadata: object };
  return { ...object, metadata: { ...object.metadata, ...stored } };
};
const pod = ofKind('Pod');
const podMessage = encodeMessage(pod, podFields);

/** Only what the reader says of malformed bytes. */
function mayFail<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith('the protobuf is malformed')) return undefined;
    throw error;
  }
}

export const protobufReader = simple('protobuf-reader', (seed) => {
  const rng = createRng(seed);
  const good = [encodeObject('Pod', podMessage), encodeList('PodList', '9', [podMessage, podMessage])];
  const bytes = mutateBytes(rng, rng.pick(good));
  const object = mayFail(() => readObject(bytes, podFields));
  mayFail(() => readStatus(bytes));
  mayFail(() => readWatchEvent(mutateBytes(rng, encodeEvent('ADDED', good[0]!)).subarray(4), podFields));
  // Whatever could be read is of the types that are read.
  if (object !== undefined && object['items'] === undefined) assert.equal(misfit(object, podFields), undefined);
});

export const watchStream = simple('watch-stream', (seed) => {
  const rng = createRng(seed);
  const isProtobuf = rng.chance(0.5);
  const types = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'BOOM'];
  const events = Array.from({ length: 1 + rng.few(5) }, () => {
    const object = rng.chance(0.5) ? pod : mutateValue(rng, pod);
    const type = rng.pick(types);
    return isProtobuf
      ? encodeEvent(type, encodeObject('Pod', podMessage))
      : Buffer.from(`${JSON.stringify({ type, object })}\n`);
  });
  const bytes = rng.chance(0.5) ? mutateBytes(rng, Buffer.concat(events)) : Buffer.concat(events);
  const decoder = createWatchDecoder(resources.pods, isProtobuf ? protobuf : 'application/json', podFields);
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + rng.below(200);
      for (const { type, object } of decoder.push(bytes.subarray(at, end))) {
        assert.ok(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(type));
        assert.ok((object.metadata.resourceVersion ?? '') !== '');
        if (type !== 'BOOKMARK') checkPod(object as never);
      }
      at = end;
    }
    decoder.end();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
});

/** What is let in can be looked at. */
function checkPod(object: Parameters<typeof viewPod>[0]): void {
  const view = viewPod(object);
  assert.equal(typeof view.uid, 'string');
  assert.ok(view.node === undefined || typeof view.node === 'string');
}

const node = ofKind('Node');
const set = ofKind('DaemonSet');

export const views = simple('views', (seed) => {
  const rng: Rng = createRng(seed);
  const strangePod = mutateValue(rng, pod);
  if (isLetIn(resources.pods, strangePod, podFields)) checkPod(strangePod as never);
  const strangeNode = mutateValue(rng, node);
  if (isLetIn(resources.nodes, strangeNode, nodeFields)) viewNode(strangeNode as never);
  const strangeSet = mutateValue(rng, set);
  if (!isLetIn(resources.daemonSets, strangeSet)) return;
  try {
    readDaemonSet(strangeSet as never);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
});

/** Whether the client would hand it on. */
function isLetIn(resource: Resource, value: unknown, fields?: PartialFields): boolean {
  try {
    requireObject(resource, value, { fields, isTyped: false });
    return true;
  } catch {
    return false;
  }
}
