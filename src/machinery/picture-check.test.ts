import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { agrees, findDifferences, type Identity, versionNumber } from './picture-check.ts';

const at = (resourceVersion: number, uid = 'u'): Identity => ({ uid, resourceVersion: String(resourceVersion) });
type Entry = Identity | undefined;

describe('a picture beside a list', () => {
  const cases: readonly [string, listed: Entry, listVersion: number, held: Entry, string | undefined][] = [
    ['that say the same', at(5), 9, at(5), undefined],
    ['that lacks what the list has', at(5), 9, undefined, 'missing'],
    ['that still has what the list has no more', undefined, 9, at(5), 'extra'],
    ['that has what was made after the list', undefined, 9, at(10), undefined],
    ['that has an older version', at(5), 9, at(4), 'stale'],
    ['that is ahead of the list', at(5), 9, at(12), undefined],
    ['that has an older object of that name', at(5, 'new'), 9, at(4, 'old'), 'missing'],
    ['that has a newer object of that name', at(5, 'old'), 9, at(8, 'new'), undefined],
    ['of versions that are no numbers', { uid: 'u', resourceVersion: 'x' }, 9, undefined, undefined],
  ];
  for (const [name, listed, listVersion, held, expected] of cases)
    test(name, () => {
      const map = (entry: Entry) => new Map(entry === undefined ? [] : [['a', entry]]);
      const found = findDifferences(map(listed), listVersion, map(held), () => true);
      assert.deepEqual(
        found.map(({ kind }) => kind),
        expected === undefined ? [] : [expected],
      );
    });

  test('is not asked about what the list could not have', () => {
    assert.deepEqual(
      findDifferences(new Map(), 9, new Map([['a', at(5)]]), () => false),
      [],
    );
  });

  test('versions are whole numbers or nothing', () => {
    assert.deepEqual(['12', '', undefined, 'abc', '1e400', '1.5'].map(versionNumber), [
      12,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  // A history of one name; the list is any state of it, the picture any other: once the picture has come as far as the
  // difference says, it agrees, whatever happened.
  test('never calls a picture wrong that only lags behind or is ahead', () => {
    const steps = fc.array(fc.constantFrom('create', 'change', 'delete'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(steps, fc.nat(12), fc.nat(12), (happenings, listedAfter, lag) => {
        const states: { version: number; entry: Entry }[] = [{ version: 1, entry: undefined }];
        let lives = 0;
        for (const happening of happenings) {
          const { version, entry } = states.at(-1)!;
          const next = version + 1;
          const uid = happening === 'create' && entry === undefined ? `life-${++lives}` : entry?.uid;
          states.push({
            version: next,
            entry: happening === 'delete' || uid === undefined ? undefined : at(next, uid),
          });
        }
        const list = states[Math.min(listedAfter, states.length - 1)]!;
        const map = (entry: Entry) => new Map(entry === undefined ? [] : [['a', entry]]);
        for (let seen = Math.min(lag, states.length - 1); seen < states.length; seen++) {
          const picture = states[seen]!;
          const found = findDifferences(map(list.entry), list.version, map(picture.entry), () => true);
          for (const difference of found) {
            // Deleted since the list: the one case that only the API server can tell.
            const deleted =
              difference.kind === 'missing' && picture.entry === undefined && picture.version > list.version;
            if (picture.version >= difference.version && !deleted)
              assert.ok(agrees(difference, picture.entry), `${difference.kind} at ${picture.version}`);
          }
        }
      }),
    );
  });
});
