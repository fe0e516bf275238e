import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DaemonSet, StatusError, type Stored } from '../../api/index.ts';
import { readDaemonSet } from './daemon-set-shape.ts';

const selector = { matchLabels: { a: 'b' } };
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const of = (spec: unknown) =>
  ({ metadata: { namespace: 'n', name: 'd', uid: 'u', resourceVersion: '1' }, spec }) as unknown as Stored<DaemonSet>;

describe('what calls itself a DaemonSet', () => {
  test('is let in when it is one', () => {
    const good = of({ selector, template, updateStrategy: { type: 'OnDelete' }, minReadySeconds: 5 });
    assert.equal(readDaemonSet(good), good);
  });

  const cases: readonly (readonly [spec: unknown, words: RegExp])[] = [
    [undefined, /spec.selector is missing/],
    [null, /spec.selector is missing/],
    ['text', /spec is no object/],
    [{ template }, /spec.selector is missing/],
    [{ selector }, /spec.template.spec is missing/],
    [{ selector: [], template }, /spec.selector is no object/],
    [{ selector: { matchLabels: { a: 5 } }, template }, /matchLabels is no map of texts/],
    [{ selector: { matchExpressions: [null] }, template }, /matchExpressions\[0\] is no object/],
    [{ selector, template: { spec: { containers: [], priorityClassName: {} } } }, /priorityClassName is no text/],
    [{ selector, template: { spec: { tolerations: {} } } }, /tolerations is no list/],
    [{ selector, template, updateStrategy: 5 }, /updateStrategy is no object/],
    [{ selector, template, minReadySeconds: '5' }, /minReadySeconds is no whole number/],
  ];
  for (const [spec, words] of cases)
    test(`is turned away with ${JSON.stringify(spec)?.slice(0, 80)}`, () => {
      assert.throws(
        () => readDaemonSet(of(spec)),
        (error) => error instanceof StatusError && words.test(error.message),
      );
    });
});
