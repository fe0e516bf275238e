import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeJson, encodeGoJson } from './go-json.ts';

// Expected texts follow encoding/json of Go 1.22 and newer for map[string]any.
const cases: readonly [name: string, value: unknown, text: string][] = [
  [
    'keys are sorted by bytes, numeric ones too',
    { b: 1, a: 2, 10: 3, 2: 4, '\u{1F600}': 5, '\uFFFD': 6 },
    '{"10":3,"2":4,"a":2,"b":1,"\uFFFD":6,"\u{1F600}":5}',
  ],
  ['HTML characters are escaped, in keys too', { 'a<b': '<&>' }, '{"a\\u003cb":"\\u003c\\u0026\\u003e"}'],
  ['line separators are escaped', '\u2028\u2029', '"\\u2028\\u2029"'],
  ['control characters have Go’s spelling', '\b\f\n\r\t\u0001\u007f"\\', '"\\b\\f\\n\\r\\t\\u0001\u007f\\"\\\\"'],
  ['a lone surrogate becomes the replacement character', '\uD800', '"\uFFFD"'],
  ['numbers and nulls', [1, 1.5, 1e21, 1000650000, null, true], '[1,1.5,1e+21,1000650000,null,true]'],
  ['empty structs stay', { resources: {}, list: [] }, '{"list":[],"resources":{}}'],
  ['undefined members are left out', { a: undefined, b: 1 }, '{"b":1}'],
];

for (const [name, value, text] of cases) it(name, () => assert.equal(encodeGoJson(value), text));

it('whole numbers that a double cannot hold keep their digits, there and back', () => {
  const text =
    '{"a":9223372036854775807,"b":[-9007199254740993],"c":"9223372036854775807","d":9007199254740991,"e":0.5}';
  const decoded = decodeJson(text) as Readonly<Record<string, unknown>>;
  assert.equal(encodeGoJson(decoded), text);
  assert.equal(JSON.stringify(decoded), text);
  assert.deepEqual([decoded['c'], decoded['d'], decoded['e']], ['9223372036854775807', 9007199254740991, 0.5]);
});
