import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resources } from '../api/index.ts';
import { requireEvent, requireList, requireObject, requireWritten } from './plausible.ts';

const json = { isTyped: false };
const metadata = { name: 'a', uid: 'u', resourceVersion: '5' };
const pod = { metadata, spec: { nodeName: 'n' } };
const list = (items: unknown) => ({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '9' }, items });

describe('an answer that is what was asked for', () => {
  const answers: readonly (readonly [name: string, list: unknown])[] = [
    ['with kind and version', list([pod])],
    ['without them', { metadata: { resourceVersion: '9' }, items: [pod] }],
    ['of nothing, as Go writes it', list(null)],
    ['of nothing, as Go leaves it out', list(undefined)],
  ];
  for (const [name, answer] of answers) test(`a list ${name}`, () => requireList(resources.pods, answer, json));
  test('an object with and without its kind', () => {
    requireObject(resources.pods, pod);
    requireObject(resources.pods, { kind: 'Pod', apiVersion: 'v1', ...pod });
  });
  test('what a dry run made has no version, and all else', () => {
    const { resourceVersion: _, ...unstored } = metadata;
    const { uid: _uid, ...nobody } = unstored;
    requireWritten(resources.pods, pod, { ...pod, metadata: unstored }, json, true);
    assert.throws(() => requireWritten(resources.pods, pod, { ...pod, metadata: unstored }, json), /resourceVersion/);
    assert.throws(() => requireWritten(resources.pods, pod, { ...pod, metadata: nobody }, json, true), /metadata.uid/);
  });
  test('a bookmark', () => {
    requireEvent(resources.pods, 'BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '5' } }, json);
  });
});

describe('an answer that is something else is told', () => {
  const lists: readonly (readonly [name: string, list: unknown, words: RegExp])[] = [
    ['a text', 'x', /it is no object/],
    ['another kind', { ...list([]), kind: 'NodeList' }, /"NodeList" as kind where PodList was asked for/],
    ['another version', { ...list([]), apiVersion: 'v2' }, /"v2" as apiVersion/],
    ['a Status that says 200', { kind: 'Status', metadata: {}, status: 'Success' }, /"Status" as kind/],
    ['no version', { metadata: {}, items: [] }, /without metadata.resourceVersion/],
    ['no metadata', { items: [] }, /without metadata.resourceVersion/],
    ['a version that is a number', { metadata: { resourceVersion: 5 }, items: [] }, /resourceVersion is no text/],
    ['items that are no list', list({}), /items are no list/],
    ['an item that is null', list([null]), /it is no object/],
    ['an item of another kind', list([{ kind: 'Node', ...pod }]), /"Node" as kind where Pod was asked for/],
    ['an item without UID', list([{ metadata: { ...metadata, uid: '' } }]), /a Pod without metadata.uid/],
    [
      'an item with an owner of no kind',
      list([{ metadata: { ...metadata, ownerReferences: [{ kind: 5 }] } }]),
      /kind is no text/,
    ],
  ];
  for (const [name, answer, words] of lists)
    test(name, () => assert.throws(() => requireList(resources.pods, answer, json), words));

  test('fields that will be read are of their types, others are not looked at', () => {
    const fields = { 2: ['spec', { 10: ['nodeName', 'string'] }] } as const;
    const wrong = { metadata, spec: { nodeName: 5 } };
    assert.throws(() => requireObject(resources.pods, wrong, { fields, isTyped: false }), /spec.nodeName is no text/);
    requireObject(resources.pods, wrong);
    requireObject(resources.pods, wrong, { fields, isTyped: true });
  });

  test('an event of no known type', () => {
    for (const type of ['BOOM', '', 5, undefined, { long: 'x'.repeat(1e6) }])
      assert.throws(
        () => requireEvent(resources.pods, type, pod, json),
        (error: Error) => error.message.startsWith('an event of type') && error.message.length < 100,
      );
  });
});
