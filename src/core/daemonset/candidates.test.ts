import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Candidates } from './candidates.ts';

const idle = () => 0;

test('names of one zone come in their order', () => {
  const candidates = new Candidates();
  for (const name of ['c', 'a', 'b']) candidates.add('z', name);
  assert.deepEqual(candidates.first(2, idle), ['a', 'b']);
  assert.deepEqual(candidates.first(9, idle), ['a', 'b', 'c']);
});

test('zones take turns, and the one with the fewest nodes in flux begins', () => {
  const candidates = new Candidates();
  for (const zone of ['x', 'y', 'z']) for (const number of [1, 2, 3]) candidates.add(zone, `${zone}${number}`);
  assert.deepEqual(candidates.first(4, idle), ['x1', 'y1', 'z1', 'x2']);
  const busy = (zone: string) => ({ x: 2, y: 1 })[zone] ?? 0;
  assert.deepEqual(candidates.first(4, busy), ['z1', 'y1', 'z2', 'x1']);
});

test('what was looked at stays; what was removed does not come back by itself', () => {
  const candidates = new Candidates();
  candidates.add('z', 'a');
  candidates.add('z', 'b');
  candidates.first(2, idle);
  candidates.remove('z', 'a');
  assert.equal(candidates.size, 1);
  assert.deepEqual(candidates.first(2, idle), ['b']);
  candidates.add('z', 'a');
  assert.deepEqual(candidates.first(2, idle), ['a', 'b']);
});

test('adding twice counts once, removing what is not there is nothing, asking for none gives none', () => {
  const candidates = new Candidates();
  candidates.add('z', 'a');
  candidates.add('z', 'a');
  candidates.remove('z', 'x');
  candidates.remove('y', 'a');
  assert.equal(candidates.size, 1);
  assert.deepEqual(candidates.first(0, idle), []);
  assert.deepEqual(candidates.first(-1, idle), []);
});

test('through any history of adding, removing and looking, the order is that of sorting afresh', () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'remove', 'look'),
    zone: fc.constantFrom('x', 'y', 'z'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    count: fc.nat(8),
  });
  const loads = fc.record({ x: fc.nat(3), y: fc.nat(3), z: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), loads, (steps, loads) => {
      const candidates = new Candidates();
      const model = new Set<string>();
      const busy = (zone: string) => loads[zone as 'x'];
      for (const { kind, zone, name, count } of steps) {
        if (kind === 'add') {
          candidates.add(zone, zone + name);
          model.add(zone + name);
        } else if (kind === 'remove') {
          candidates.remove(zone, zone + name);
          model.delete(zone + name);
        } else assert.deepEqual(candidates.first(count, busy), naively(model, loads, count));
        assert.equal(candidates.size, model.size);
      }
      assert.deepEqual(candidates.first(12, busy), naively(model, loads, 12));
    }),
  );
});

/** Again and again the first name of the zone with the least load. */
function naively(names: ReadonlySet<string>, loads: Readonly<Record<string, number>>, count: number): string[] {
  const left = [...names].sort();
  const load = { ...loads };
  const taken: string[] = [];
  while (taken.length < count && left.length > 0) {
    const [next] = left.toSorted((a, b) => load[a[0]!]! - load[b[0]!]! || (a < b ? -1 : 1));
    left.splice(left.indexOf(next!), 1);
    taken.push(next!);
    load[next![0]!]!++;
  }
  return taken;
}
