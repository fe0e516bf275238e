import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinResources } from './builtin.ts';
import { createResourceTable } from './table.ts';

const like = (group: string, version: string, name: string) => ({ ...builtinResources[0]!, group, version, name });

test('a resource is found by group, version and name, each of them', () => {
  const definitions = [like('', 'v1', 'events'), like('events.k8s.io', 'v1', 'events'), like('', 'v2', 'events')];
  const table = createResourceTable(definitions);
  for (const definition of definitions)
    assert.equal(table.find(definition.group, definition.version, definition.name), definition);
  assert.equal(table.find('events.k8s.io', 'v2', 'events'), undefined);
  assert.equal(table.find('', 'v1', '__proto__'), undefined);
  assert.equal(
    new Set(builtinResources.map(({ group, version, name }) => `${group}/${version}/${name}`)).size,
    builtinResources.length,
  );
});

test('it keeps the order of registration, and says when it has changed', () => {
  const [a, b, c] = [like('', 'v1', 'a'), like('', 'v1', 'b'), like('', 'v1', 'c')];
  const table = createResourceTable([a, b]);
  let heard = 0;
  const stop = table.subscribe(() => (heard += 1));
  const before = table.changes;
  table.add(c);
  const newer = like('', 'v1', 'a');
  table.add(newer);
  assert.deepEqual(table.all(), [newer, b, c]);
  assert.equal(table.find('', 'v1', 'a'), newer);
  table.remove('', 'v1', 'b');
  table.remove('', 'v1', 'b');
  assert.deepEqual(table.all(), [newer, c]);
  assert.equal(table.find('', 'v1', 'b'), undefined);
  assert.deepEqual([heard, table.changes], [3, before + 3]);
  stop();
  table.add(b);
  assert.equal(heard, 3);
});
