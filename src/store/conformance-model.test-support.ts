// The property of the conformance suite: whatever is done to a store, it answers as a list of all writes would that is
// folded anew for each question. Only conformance.test-support.ts imports this.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { StoreKind } from './conformance-kind.test-support.ts';
import { Recorder, refusedWatch } from './conformance-kind.test-support.ts';
import { compareKeys } from './key-order.ts';
import type { Entry, Store, StoredValue, StoreEvent } from './store.ts';
import { CompactedError, RevisionMismatchError } from './store.ts';

const keyNames = ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/b/1', 'a/b/2', 'a/b/3', 'a/c', 'a/d', 'ab', 'b/1'];
const prefixes = ['', 'a', 'a/', 'a/b/', 'b/1', 'c/'];

type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: StoredValue; readonly isRight: boolean }
  | { readonly type: 'delete'; readonly key: string; readonly isRight: boolean };

type Step =
  | { readonly type: 'writes'; readonly writes: readonly Write[] }
  /** `back` counts revisions back from the newest. */
  | {
      readonly type: 'range';
      readonly prefix: string;
      readonly limit: number;
      readonly after?: string;
      readonly back: number;
    }
  | { readonly type: 'watch'; readonly prefix: string; readonly back: number }
  | { readonly type: 'stop' }
  | { readonly type: 'compact'; readonly back: number };

const key = fc.constantFrom(...keyNames);
const prefix = fc.constantFrom(...prefixes);
const back = fc.oneof(fc.constant(0), fc.nat(4), fc.nat(20));
const isRight = fc.integer({ min: 0, max: 9 }).map((n) => n > 0);
/** Plain objects, as JSON gives them back. */
const value = fc.record({ n: fc.nat(99) }, { noNullPrototype: true });
const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('put' as const), key, value, isRight }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), key, isRight }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('writes' as const),
      writes: fc.array(write, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      { type: fc.constant('range' as const), prefix, limit: fc.integer({ min: 1, max: 8 }), after: key, back },
      { requiredKeys: ['type', 'prefix', 'limit', 'back'] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('watch' as const), prefix, back }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('stop' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back }) },
);

/** Half of the keys are there from the beginning: without that most of them would come and go all the time. */
const beginning: readonly Write[] = keyNames
  .filter((_, index) => index % 2 === 0)
  .map((key) => ({ type: 'put', key, value: {}, isRight: true }));

/** Everything that ever happened, in order. */
class Model {
  readonly events: StoreEvent[] = [];
  readonly #first: number;
  readonly #historyEventsMax: number;
  #compacted: number;

  constructor(revision: number, historyEventsMax: number) {
    this.#first = revision;
    this.#compacted = revision;
    this.#historyEventsMax = historyEventsMax;
  }

  get revision(): number {
    return this.events.at(-1)?.revision ?? this.#first;
  }

  get compacted(): number {
    const beyondBound = this.events.at(-1 - this.#historyEventsMax);
    return Math.max(this.#compacted, beyondBound?.revision ?? 0);
  }

  /** The revision so many writes back; may lie before the first. */
  back(count: number): number {
    return this.events.at(-1 - count)?.revision ?? this.#first;
  }

  compact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
  }

  at(revision: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const event of this.events) {
      if (event.revision > revision) break;
      if (event.type === 'put')
        entries.set(event.key, { key: event.key, value: event.value, revision: event.revision });
      else entries.delete(event.key);
    }
    return entries;
  }

  since(after: number, prefix: string): StoreEvent[] {
    return this.events.filter((event) => event.revision > after && event.key.startsWith(prefix));
  }

  write(change: Write, revision: number): void {
    const previous = this.at(this.revision).get(change.key)?.value;
    const value = change.type === 'put' ? change.value : previous!;
    const { type, key } = change;
    this.events.push({ type, key, value, ...(previous !== undefined && { previous }), revision });
  }
}

interface Watching {
  readonly recorder: Recorder;
  readonly prefix: string;
  readonly after: number;
  readonly stop: () => void;
}

class Run {
  readonly #store: Store;
  readonly #model: Model;
  readonly #keepsIssueOrder: boolean;
  #watching: Watching[] = [];

  constructor(store: Store, model: Model, keepsIssueOrder: boolean) {
    this.#store = store;
    this.#model = model;
    this.#keepsIssueOrder = keepsIssueOrder;
  }

  async step(step: Step): Promise<void> {
    switch (step.type) {
      case 'writes':
        if (this.#keepsIssueOrder) await Promise.all(step.writes.map((write) => this.#write(write)));
        else for (const write of step.writes) await this.#write(write);
        return;
      case 'range':
        return this.#range(step);
      case 'watch':
        return this.#watch(step.prefix, this.#model.back(step.back));
      case 'stop':
        this.#watching.pop()?.stop();
        return;
      case 'compact':
        this.#model.compact(this.#model.back(step.back));
        return this.#store.compact(this.#model.back(step.back));
    }
  }

  /** Every watch has heard exactly what was written since it began. */
  async finish(): Promise<void> {
    for (const prefix of prefixes) await this.#write({ type: 'put', key: `${prefix}~end`, value: {}, isRight: true });
    for (const { recorder, prefix, after, stop } of this.#watching) {
      await recorder.saw(`${prefix}~end`);
      stop();
      const last = recorder.heard.at(-1)!.revision;
      assert.deepEqual(
        recorder.heard,
        this.#model.since(after, prefix).filter((event) => event.revision <= last),
      );
    }
  }

  /** The model is changed before the first await: writes of one step see each other in it in the order of issue. */
  async #write(write: Write): Promise<void> {
    const current = this.#model.at(this.#model.revision).get(write.key)?.revision ?? 0;
    const expected = write.isRight ? current : current + 1_000;
    const result =
      write.type === 'put'
        ? this.#store.put(write.key, write.value, expected)
        : this.#store.delete(write.key, expected);
    if (!write.isRight || (write.type === 'delete' && current === 0)) {
      const isExpected = (error: unknown) => error instanceof RevisionMismatchError && error.current === current;
      await assert.rejects(result, isExpected);
      return;
    }
    const revision = this.#keepsIssueOrder ? this.#model.revision + 1 : await result;
    this.#model.write(write, revision);
    assert.equal(await result, revision);
  }

  async #range({ prefix, limit, after, back }: Step & { type: 'range' }): Promise<void> {
    const revision = this.#model.back(back);
    const options = { limit, ...(after !== undefined && { after }), ...(back > 0 && { revision }) };
    if (revision < this.#model.compacted) {
      await assert.rejects(this.#store.range(prefix, options), CompactedError);
      return;
    }
    const all = [...this.#model.at(revision).values()]
      .filter((entry) => entry.key.startsWith(prefix) && (after === undefined || compareKeys(entry.key, after) > 0))
      .sort((a, b) => compareKeys(a.key, b.key));
    const entries = all.slice(0, limit);
    const expected = { entries, revision, remaining: all.length - entries.length };
    assert.deepEqual(await this.#store.range(prefix, options), expected);
  }

  async #watch(prefix: string, after: number): Promise<void> {
    if (after < this.#model.compacted) {
      assert.ok((await refusedWatch(this.#store, prefix, after)) instanceof CompactedError);
      return;
    }
    const recorder = new Recorder();
    this.#watching.push({ recorder, prefix, after, stop: this.#store.watch(prefix, after, recorder) });
  }
}

export function describeModelProperty(kind: StoreKind): void {
  const histories = kind.boundsHistory ? [1_000, 3] : [1_000];
  for (const historyEventsMax of histories)
    void test(`answers as a plain list of all writes would, with ${historyEventsMax} events of history`, async () => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const store = await kind.open(historyEventsMax);
        try {
          const run = new Run(store, new Model(await store.revision(), historyEventsMax), kind.keepsIssueOrder);
          await run.step({ type: 'writes', writes: beginning });
          for (const step of steps) await run.step(step);
          await run.finish();
        } finally {
          await store.close();
        }
      });
      await fc.assert(property, { numRuns: kind.propertyRuns });
    });
}
