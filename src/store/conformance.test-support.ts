// The test suite that every kind of store passes, memory.test.ts, sqlite.test.ts and any later kind alike: what the
// interface in store.ts promises, and nothing beyond it. Only tests import this.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoreKind } from './conformance-kind.test-support.ts';
import { Recorder, refusedWatch } from './conformance-kind.test-support.ts';
import { describeModelProperty } from './conformance-model.test-support.ts';
import type { RangeOptions, Store } from './store.ts';
import { CompactedError, FutureRevisionError, RevisionMismatchError, StoreClosedError } from './store.ts';

export function describeStore(kind: StoreKind): void {
  const storeTest = (name: string, body: (store: Store) => Promise<void>): void => {
    void test(name, async () => {
      const store = await kind.open();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });
  };

  void describe(`a ${kind.name} store`, () => {
    storeTest('creates a key once: the second creation is told the revision of the first', async (store) => {
      const revision = await store.put('pods/a', { n: 1 }, 0);
      await assert.rejects(store.put('pods/a', { n: 2 }, 0), mismatch('pods/a', revision));
      assert.deepEqual(await store.get('pods/a'), { key: 'pods/a', value: { n: 1 }, revision });
    });

    storeTest('refuses an update made from an older revision, and changes nothing', async (store) => {
      const first = await store.put('pods/a', { n: 1 }, 0);
      const second = await store.put('pods/a', { n: 2 }, first);
      for (const stale of [first, 0, second + 1])
        await assert.rejects(store.put('pods/a', { n: 3 }, stale), mismatch('pods/a', second));
      assert.deepEqual((await store.get('pods/a'))?.value, { n: 2 });
      assert.equal(await store.revision(), second);
    });

    storeTest('deletes under the same condition, and what is gone cannot be deleted or updated', async (store) => {
      const created = await store.put('pods/a', { n: 1 }, 0);
      await assert.rejects(store.delete('pods/a', created + 1), mismatch('pods/a', created));
      const deleted = await store.delete('pods/a', created);
      assert.ok(deleted > created);
      assert.equal(await store.get('pods/a'), undefined);
      await assert.rejects(store.delete('pods/a', created), mismatch('pods/a', 0));
      await assert.rejects(store.delete('pods/a', 0), mismatch('pods/a', 0));
      await assert.rejects(store.put('pods/a', { n: 2 }, created), mismatch('pods/a', 0));
      assert.ok((await store.put('pods/a', { n: 3 }, 0)) > deleted);
    });

    storeTest('lets exactly one of many concurrent writers with the same expectation win', async (store) => {
      const expected = await store.put('pods/a', { winner: 'nobody' }, 0);
      const writers = Array.from({ length: 20 }, (_, writer) => store.put('pods/a', { winner: writer }, expected));
      const results = await Promise.allSettled(writers);
      const winners = results.flatMap((result, writer) => (result.status === 'fulfilled' ? [writer] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual((await store.get('pods/a'))?.value, { winner: winners[0] });
    });

    storeTest('keeps awkward values as they are: __proto__, empty objects, null, any character', async (store) => {
      const value = JSON.parse(
        '{"__proto__":{"x":1},"empty":{},"none":null,"text":"\\ud83d\\ude00 \\u0000"}',
      ) as object;
      await store.put('pods/a', { ...value, nested: value }, 0);
      assert.deepEqual((await store.get('pods/a'))?.value, { ...value, nested: value });
    });

    storeTest('finds exactly the keys with the prefix, in the order of their UTF-8 bytes', async (store) => {
      const inside = ['pods/', 'pods/-', 'pods/a', 'pods/a/b', 'pods/aa', 'pods/é', 'pods/\uff5e', 'pods/😀'];
      for (const key of [...inside.toReversed(), 'pod', 'pods', 'pods.', 'pods0', 'q']) await store.put(key, {}, 0);
      assert.deepEqual(await keys(store, 'pods/'), inside);
      assert.deepEqual(await keys(store, 'pods/a'), ['pods/a', 'pods/a/b', 'pods/aa']);
      assert.deepEqual(await keys(store, 'none/'), []);
    });

    const fiveKeys = ['p/a', 'p/b', 'p/c', 'p/d', 'p/e'];
    const pages: { name: string; options: RangeOptions; page: string[]; remaining: number }[] = [
      { name: 'the first page', options: { limit: 2 }, page: ['p/a', 'p/b'], remaining: 3 },
      { name: 'a middle page', options: { limit: 2, after: 'p/b' }, page: ['p/c', 'p/d'], remaining: 1 },
      { name: 'the last, short page', options: { limit: 2, after: 'p/d' }, page: ['p/e'], remaining: 0 },
      { name: 'a page of exactly what is left', options: { limit: 5 }, page: fiveKeys, remaining: 0 },
      { name: 'the rest without a limit', options: { after: 'p/c' }, page: ['p/d', 'p/e'], remaining: 0 },
      { name: 'a page after a key that is gone', options: { limit: 1, after: 'p/bb' }, page: ['p/c'], remaining: 2 },
      { name: 'all after a key before the prefix', options: { after: 'a' }, page: fiveKeys, remaining: 0 },
      { name: 'nothing after a key beyond the prefix', options: { after: 'q' }, page: [], remaining: 0 },
    ];
    storeTest('cuts ranges into pages and says how many keys are left', async (store) => {
      for (const key of ['o/z', ...fiveKeys, 'q/a']) await store.put(key, {}, 0);
      for (const { name, options, page, remaining } of pages) {
        const range = await store.range('p/', options);
        assert.deepEqual(
          { page: range.entries.map((entry) => entry.key), remaining: range.remaining },
          { page, remaining },
          name,
        );
        assert.equal(range.revision, await store.revision(), name);
      }
    });

    storeTest('reads later pages at the revision of the first, whatever was written since', async (store) => {
      const revisions = new Map<string, number>();
      for (const key of fiveKeys) revisions.set(key, await store.put(key, { old: key }, 0));
      const first = await store.range('p/', { limit: 2 });
      await store.put('p/d', { new: true }, revisions.get('p/d')!);
      const gone = await store.delete('p/c', revisions.get('p/c')!);
      await store.put('p/bb', { new: true }, 0);
      await store.put('p/e', { new: true }, await store.put('p/e', { new: true }, revisions.get('p/e')!));
      const { revision } = first;
      const second = await store.range('p/', { limit: 2, after: 'p/b', revision });
      const third = await store.range('p/', { limit: 2, after: 'p/d', revision });
      const old = (key: string) => ({ key, value: { old: key }, revision: revisions.get(key)! });
      assert.deepEqual(second, { entries: [old('p/c'), old('p/d')], revision, remaining: 1 });
      assert.deepEqual(third, { entries: [old('p/e')], revision, remaining: 0 });
      assert.deepEqual(
        (await store.range('p/', { revision: gone })).entries.map((entry) => entry.key),
        ['p/a', 'p/b', 'p/d', 'p/e'],
      );
    });

    storeTest('tells a watch of every later write under its prefix, with what stood there before', async (store) => {
      const before = await store.put('p/old', { n: 0 }, 0);
      const recorder = new Recorder();
      store.watch('p/', before, recorder);
      const created = await store.put('p/a', { n: 1 }, 0);
      await store.put('q/a', { n: 1 }, 0);
      const updated = await store.put('p/a', { n: 2 }, created);
      const deleted = await store.delete('p/a', updated);
      await store.put('p/end', {}, 0);
      await recorder.saw('p/end');
      assert.deepEqual(recorder.summary(), [
        'put p/a {"n":1}',
        'put p/a {"n":2} was {"n":1}',
        'delete p/a {"n":2} was {"n":2}',
        'put p/end {}',
      ]);
      assert.deepEqual(
        recorder.heard.map((event) => event.revision),
        [created, updated, deleted, await store.revision()],
      );
    });

    storeTest('resumes a watch from an old revision and goes on without a gap or a repeat', async (store) => {
      const start = await store.revision();
      const written: number[] = [];
      for (let i = 0; i < 10; i++) written.push(await store.put(`p/${i}`, {}, 0));
      const all = new Recorder();
      const late = new Recorder();
      store.watch('p/', start, all);
      store.watch('p/', written[6]!, late);
      const more = await Promise.all(Array.from({ length: 10 }, (_, i) => store.put(`p/1${i}`, {}, 0)));
      await store.put('p/end', {}, 0);
      await Promise.all([all.saw('p/end'), late.saw('p/end')]);
      const end = await store.revision();
      const sorted = [...written, ...more.sort((a, b) => a - b), end];
      assert.deepEqual(
        all.heard.map((event) => event.revision),
        sorted,
      );
      assert.deepEqual(
        late.heard.map((event) => event.revision),
        sorted.slice(7),
      );
    });

    storeTest('tells a stopped watch nothing more, not even what it was to be told', async (store) => {
      const start = await store.revision();
      await store.put('p/a', {}, 0);
      const stopped = new Recorder();
      const going = new Recorder();
      const stop = store.watch('p/', start, stopped);
      store.watch('p/', start, going);
      stop();
      stop();
      await store.put('p/b', {}, 0);
      await going.saw('p/b');
      assert.deepEqual(stopped.heard, []);
      assert.equal(stopped.ended, undefined);
    });

    storeTest('lets a handler write, watch and stop', async (store) => {
      const start = await store.revision();
      const inner = new Recorder();
      const outer = new Recorder();
      const writes: Promise<number>[] = [];
      const stop = store.watch('p/a', start, {
        events(events) {
          stop();
          writes.push(store.put('p/b', {}, 0));
          store.watch('p/', events[0]!.revision, inner);
        },
        end() {},
      });
      store.watch('p/', start, outer);
      await store.put('p/a', {}, 0);
      await Promise.all([inner.saw('p/b'), outer.saw('p/b')]);
      await Promise.all(writes);
      assert.deepEqual(inner.summary(), ['put p/b {}']);
      assert.deepEqual(outer.summary(), ['put p/a {}', 'put p/b {}']);
    });

    storeTest('forgets history when told to, and keeps the values', async (store) => {
      const first = await store.put('p/a', { n: 1 }, 0);
      const second = await store.put('p/a', { n: 2 }, first);
      await store.put('p/b', { n: 3 }, 0);
      await store.compact(second);
      await store.compact(first); // Older than what is gone already: nothing to do.
      const isCompacted = (error: unknown) => error instanceof CompactedError && error.compacted === second;
      await assert.rejects(store.range('p/', { revision: first }), isCompacted);
      assert.ok(isCompacted(await refusedWatch(store, 'p/', first)));
      assert.deepEqual((await store.range('p/', { revision: second })).entries, [
        { key: 'p/a', value: { n: 2 }, revision: second },
      ]);
      const recorder = new Recorder();
      store.watch('p/', second, recorder);
      await recorder.saw('p/b');
      assert.deepEqual(recorder.summary(), ['put p/b {"n":3}']);
      assert.deepEqual(await keys(store, 'p/'), ['p/a', 'p/b']);
    });

    storeTest('knows no revision that was not written yet', async (store) => {
      const next = (await store.revision()) + 1;
      await assert.rejects(store.range('p/', { revision: next }), FutureRevisionError);
      assert.ok((await refusedWatch(store, 'p/', next)) instanceof FutureRevisionError);
      await assert.rejects(store.compact(next), FutureRevisionError);
    });

    void test('ends its watches when it is closed, after the last event, and then does nothing more', async () => {
      const store = await kind.open();
      const recorder = new Recorder();
      store.watch('p/', await store.revision(), recorder);
      const write = store.put('p/a', {}, 0);
      await Promise.all([write, recorder.saw('p/a')]);
      await store.close();
      await store.close();
      assert.deepEqual(recorder.ended, { error: undefined });
      const calls = [
        () => store.revision(),
        () => store.get('p/a'),
        () => store.range('p/'),
        () => store.put('p/b', {}, 0),
        () => store.delete('p/a', 2),
        () => store.compact(1),
        async () => store.watch('p/', 1, new Recorder()),
      ];
      for (const call of calls) await assert.rejects(call, StoreClosedError);
      assert.deepEqual(recorder.summary(), ['put p/a {}']);
    });

    describeModelProperty(kind);
  });
}

function mismatch(key: string, current: number): (error: unknown) => boolean {
  return (error) => error instanceof RevisionMismatchError && error.key === key && error.current === current;
}

async function keys(store: Store, prefix: string): Promise<string[]> {
  return (await store.range(prefix)).entries.map((entry) => entry.key);
}
