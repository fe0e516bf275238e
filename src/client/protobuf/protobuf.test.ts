import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { PartialFields } from '../../api/index.ts';
import {
  bytesField,
  encodeEvent,
  encodeList,
  encodeMessage,
  encodeObject,
  varintField,
} from './encode.test-support.ts';
import { readObject, readStatus, readWatchEvent } from './envelope.ts';

const owner: PartialFields = { 1: ['kind', 'string'], 4: ['uid', 'string'], 6: ['controller', 'boolean'] };
const fields: PartialFields = {
  1: [
    'metadata',
    {
      1: ['name', 'string'],
      8: ['creationTimestamp', 'time'],
      10: ['deletionGracePeriodSeconds', 'integer'],
      11: ['labels', 'labels'],
      13: ['ownerReferences', [owner]],
      14: ['finalizers', 'strings'],
    },
  ],
  3: ['status', { 1: ['phase', 'string'] }],
};

const text = fc.oneof(fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }), fc.constantFrom('a', 'Running'));
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const objects = fc.record({
  metadata: fc.record(
    {
      name: text,
      creationTimestamp: fc
        .integer({ min: -62_135_596_800, max: 253_402_300_799 })
        .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, -5)}Z`)
        .filter((time) => !time.startsWith('-')),
      deletionGracePeriodSeconds: fc.maxSafeInteger(),
      labels: fc
        .array(fc.tuple(text, fc.oneof(text, fc.constant(''))), { minLength: 1, maxLength: 5 })
        .map((entries) => Object.fromEntries(entries))
        .filter((labels) => !Object.hasOwn(labels, '__proto__')),
      ownerReferences: fc.array(fc.record({ kind: text, uid: text, controller: fc.boolean() }), {
        minLength: 1,
        maxLength: 3,
      }),
      finalizers: fc.array(text, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
  status: optional(fc.record({ phase: text })),
});
/** Fields that a reader does not ask for, of every wire type. */
const noise = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => bytesField(99, Buffer.from(bytes))),
      fc.maxSafeInteger().map((value) => varintField(77, value)),
      fc.constant(Buffer.from([((50 << 3) & 0x7f) | 0x81, 0x03, 1, 2, 3, 4, 5, 6, 7, 8])),
    ),
    { maxLength: 3 },
  )
  .map((parts) => Buffer.concat(parts));

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the protobuf reader', () => {
  test('reads what it is asked for, whatever stands around it', () => {
    fc.assert(
      fc.property(objects, noise, noise, (object, before, after) => {
        const body = encodeObject('Pod', Buffer.concat([before, encodeMessage(object, fields), after]));
        assert.deepEqual(plain(readObject(body, fields)), plain({ ...object, kind: 'Pod', apiVersion: 'v1' }));
      }),
    );
  });

  test('reads lists, with their version', () => {
    const items = ['a', 'b'].map((name) => encodeMessage({ metadata: { name } }, fields));
    assert.deepEqual(readObject(encodeList('PodList', '77', items), fields), {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '77' },
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    });
  });

  test('leaves out empty strings and zero times, which Go writes where its JSON has nothing', () => {
    const metadata = Buffer.concat([bytesField(1, Buffer.alloc(0)), bytesField(8, Buffer.alloc(0))]);
    const read = readObject(encodeObject('Pod', bytesField(1, metadata)), fields);
    assert.deepEqual(read['metadata'], {});
  });

  test('reads a Status as an answer and as an event', () => {
    const message = Buffer.concat([
      bytesField(2, Buffer.from('Failure')),
      bytesField(3, Buffer.from('too old')),
      bytesField(4, Buffer.from('Expired')),
      bytesField(5, varintField(5, 3)),
      varintField(6, 410),
    ]);
    const body = encodeObject('Status', message);
    const expected = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      message: 'too old',
      reason: 'Expired',
      details: { retryAfterSeconds: 3 },
      code: 410,
    };
    assert.deepEqual(readStatus(body), expected);
    assert.deepEqual(readWatchEvent(encodeEvent('ERROR', body).subarray(4), fields), {
      type: 'ERROR',
      object: expected,
    });
    assert.equal(readStatus(encodeObject('Pod', Buffer.alloc(0))), undefined);
  });

  test('reads the version and the annotations of a bookmark, though nobody asked for annotations', () => {
    const metadata: PartialFields = { 6: ['resourceVersion', 'string'], 12: ['annotations', 'labels'] };
    const object = { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } };
    const frame = encodeEvent('BOOKMARK', encodeObject('Pod', encodeMessage(object, { 1: ['metadata', metadata] })));
    assert.deepEqual(readWatchEvent(frame.subarray(4), fields).object, { ...object, kind: 'Pod', apiVersion: 'v1' });
  });

  const survives = (bytes: Buffer) => {
    for (const read of [readObject, readWatchEvent])
      try {
        read(bytes, fields);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
  };

  test('refuses garbage with a RangeError and nothing else', () => {
    const prefixed = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes]));
    const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(fc.property(fc.oneof(prefixed, any), survives), { numRuns: 2000 });
  });

  test('refuses a real message that is cut short or has a byte changed, or reads what is left of it', () => {
    fc.assert(
      fc.property(objects, fc.nat(), fc.nat(), fc.nat(255), (object, cut, place, byte) => {
        const body = encodeObject('Pod', encodeMessage(object, fields));
        survives(body.subarray(0, cut % body.length));
        const changed = Buffer.from(body);
        changed[place % body.length] = byte;
        survives(changed);
        survives(encodeEvent('ADDED', changed).subarray(4));
      }),
      { numRuns: 500 },
    );
  });
});
