import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from './columns.ts';
import { compileJsonPath } from './json-path.ts';

const object = {
  spec: { 'a.b': 1, names: ['x', 'y'], constructor: 'own' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Old', status: 'False' },
    ],
  },
};

test('a path finds what kubectl finds', () => {
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['.spec.names', [['x', 'y']]],
    ['.spec.names[0]', ['x']],
    ['.spec.names[-1]', ['y']],
    ['.spec.names[7]', []],
    ['.spec.names[*]', ['x', 'y']],
    [String.raw`.spec.a\.b`, [1]],
    ["['spec']['a.b']", [1]],
    ['{.spec.names[1]}', ['y']],
    ['$.spec.names[1]', ['y']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type!='Ready')].status", ['False']],
    ['.status.conditions[*].type', ['Ready', 'Old']],
    ['.spec.constructor', ['own']],
    ['.status.constructor', []],
    ['.nothing.here', []],
  ];
  for (const [path, found] of cases) assert.deepEqual(compileJsonPath(path)(object), found, path);
});

test('what is no path is refused', () => {
  for (const path of ['', 'spec', '.spec[', '.spec..x', '.a[?(@.b =~ "x")]'])
    assert.throws(() => compileJsonPath(path), SyntaxError, path);
});

test('cells have the type of their column, and nothing where there is nothing', () => {
  const cell = (type: string, jsonPath: string) =>
    columnsOf([{ name: 'X', type, jsonPath }])[1]!.cell({ metadata: { name: 'a' }, ...object }, 0);
  assert.equal(cell('integer', String.raw`.spec.a\.b`), 1);
  assert.equal(cell('integer', '.spec.names[0]'), null);
  assert.equal(cell('string', '.status.conditions[*].type'), 'Ready');
  assert.equal(cell('string', '.spec.names'), '["x","y"]');
  assert.equal(cell('date', '.spec.none'), null);
});
