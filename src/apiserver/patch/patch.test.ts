import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isReason, type KubernetesObject, type StatusReason } from '../../api/index.ts';
import type { PatchContentType } from '../request.ts';
import { jsonPatchOperationsMax } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { applyPatch } from './patch.ts';

const options = { resourceKey: 'apps/v1/DaemonSet', fieldManager: 'test', now: 0 };
const json: PatchContentType = 'application/json-patch+json';
const object = (extra: object): KubernetesObject => ({ kind: 'DaemonSet', metadata: { name: 'x' }, ...extra });
const failsWith = (type: PatchContentType, patch: unknown, reason: StatusReason, target = object({ spec: { a: 1 } })) =>
  assert.throws(
    () => applyPatch(type, target, patch, options),
    (error) => isReason(error, reason),
  );

describe('merge patch', () => {
  // RFC 7386, appendix A.
  const examples: readonly (readonly [target: unknown, patch: unknown, result: unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) {
    test(`RFC 7386: ${JSON.stringify(target)} with ${JSON.stringify(patch)} is ${JSON.stringify(result)}`, () => {
      assert.deepEqual(mergePatch(target, patch), result);
    });
  }

  test('is idempotent and never changes its target', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const copy = structuredClone(target);
        const once = mergePatch(target, patch);
        assert.deepEqual(mergePatch(once, patch), once);
        assert.deepEqual(target, copy);
      }),
    );
  });

  test('keys of the prototype are plain keys', () => {
    const patch: unknown = JSON.parse('{"metadata":{"__proto__":{"polluted":"yes"},"constructor":{"a":1}}}');
    const result = applyPatch('application/merge-patch+json', object({}), patch, options);
    assert.equal(Object.getPrototypeOf(result.metadata), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.ok(Object.hasOwn(result.metadata, '__proto__') && Object.hasOwn(result.metadata, 'constructor'));
  });

  test('a patch that is no object is a bad request', () =>
    failsWith('application/merge-patch+json', [1], 'BadRequest'));
});

describe('JSON patch', () => {
  test('changes a copy: the target stays as it is', () => {
    const target = object({ spec: { list: ['a', 'b'], minReadySeconds: 1 } });
    const copy = structuredClone(target);
    const patched = applyPatch(
      json,
      target,
      [
        { op: 'test', path: '/spec/minReadySeconds', value: 1 },
        { op: 'replace', path: '/spec/minReadySeconds', value: 2 },
        { op: 'add', path: '/spec/list/-', value: 'c' },
        { op: 'remove', path: '/spec/list/0' },
        { op: 'move', from: '/spec/list', path: '/spec/moved' },
        { op: 'add', path: '/spec/a~1b', value: true },
      ],
      options,
    );
    assert.deepEqual(patched, object({ spec: { minReadySeconds: 2, moved: ['b', 'c'], 'a/b': true } }));
    assert.deepEqual(target, copy);
  });

  test('a failed test is Invalid and says which', () => {
    assert.throws(
      () => applyPatch(json, object({ spec: { a: 1 } }), [{ op: 'test', path: '/spec/a', value: 2 }], options),
      (error) => isReason(error, 'Invalid') && error.message.includes('testing value /spec/a failed: test failed'),
    );
  });
  test('a missing path is Invalid', () => failsWith(json, [{ op: 'remove', path: '/spec/nothing' }], 'Invalid'));
  test('an unknown operation is Invalid', () => failsWith(json, [{ op: 'explode', path: '/a' }], 'Invalid'));
  test('a path without its slash is Invalid', () => failsWith(json, [{ op: 'remove', path: 'a' }], 'Invalid'));
  test('an object is a bad request', () => failsWith(json, { op: 'remove', path: '/spec' }, 'BadRequest'));
  test('a patch that leaves no object is refused', () =>
    assert.throws(() => applyPatch(json, object({}), [{ op: 'replace', path: '', value: 3 }], options)));
  test('too many operations are refused', () => {
    const operation = { op: 'test', path: '/kind', value: 'DaemonSet' };
    failsWith(
      json,
      Array.from({ length: jsonPatchOperationsMax + 1 }, () => operation),
      'RequestEntityTooLarge',
    );
  });
  test('copies that double the document are stopped', () => {
    const double = [
      { op: 'copy', from: '/spec', path: '/spec/a' },
      { op: 'copy', from: '/spec', path: '/spec/b' },
    ];
    failsWith(json, Array.from({ length: 100 }, () => double).flat(), 'RequestEntityTooLarge');
  });
  test('paths through the prototype reach nothing', () => {
    for (const path of [
      '/__proto__/polluted',
      '/constructor/prototype/polluted',
      '/spec/toString/x',
      '/spec/__proto__',
    ])
      failsWith(json, [{ op: 'add', path, value: 'yes' }], 'Invalid');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});

describe('patching', () => {
  test('a kind without a schema takes no strategic merge', () => {
    assert.throws(
      () =>
        applyPatch('application/strategic-merge-patch+json', object({}), {}, { ...options, resourceKey: 'x.dev/v1/Y' }),
      (error) => isReason(error, 'UnsupportedMediaType'),
    );
  });
});
