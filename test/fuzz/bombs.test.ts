// Bodies of a mebibyte that are made to cost more than they weigh: in time, in memory, in depth. Each is answered in a
// few seconds, and the server stays as small as it was. (Three are allowed; what costs the square is seen with one.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesField } from '../../src/client/protobuf/encode.test-support.ts';
import { type Api, openApi } from './support/api.ts';

const bytesMax = 1024 * 1024;
/** Many times what it takes here; what costs the square of its size takes minutes. */
const msMax = 10_000;
const protobuf = 'application/vnd.kubernetes.protobuf';
const maps = '/api/v1/namespaces/default/configmaps';
const sets = '/apis/apps/v1/namespaces/default/daemonsets';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

/** As much of it as fits between head and tail. */
function filled(head: string, part: (index: number) => string, tail: string, bytes = bytesMax - 1000): string {
  const parts: string[] = [];
  let left = bytes - head.length - tail.length;
  for (let index = 0; left > 0; index++) {
    const next = part(index);
    left -= Buffer.byteLength(next);
    if (left > 0) parts.push(next);
  }
  return head + parts.join('') + tail;
}

function envelope(kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([bytesField(1, Buffer.from('v1')), bytesField(2, Buffer.from(kind))]);
  return Buffer.concat([Buffer.from('k8s\0'), bytesField(1, typeMeta), bytesField(2, raw)]);
}

const repeated = (part: Buffer) => Buffer.concat(Array<Buffer>(Math.floor((bytesMax - 1000) / part.length)).fill(part));
const entry = (index: number) =>
  bytesField(11, Buffer.concat([bytesField(1, Buffer.from(`k${index}`)), bytesField(2, Buffer.from('v'))]));
const nested = (levels: number) => {
  let schema: Buffer = Buffer.alloc(0);
  for (let level = 0; level < levels; level++) schema = bytesField(29, schema);
  return schema;
};
const container = '{"name":"c","image":"i","env":[';
const setOf = (spec: string) =>
  `{"metadata":{"name":"a"},"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":${spec}}}}`;

const bombs: readonly (readonly [
  name: string,
  method: string,
  path: string,
  type: string,
  body: () => string | Buffer,
])[] = [
  ['a JSON list without end', 'POST', maps, 'application/json', () => '['.repeat(bytesMax - 10)],
  [
    'JSON of many keys',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x"},"data":{', (n) => `"${n}":"",`, '"z":""}}'),
  ],
  [
    'JSON of one key many times',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x"},"data":{', () => '"a":"",', '"a":""}}'),
  ],
  [
    'a label bomb',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x","labels":{', (n) => `"l${n}":"v",`, '"z":""}}}'),
  ],
  [
    'one label of megabytes',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x","labels":{"l":"', () => 'v', '"}}}'),
  ],
  [
    'owners without number',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x","ownerReferences":[', () => '{},', '{}]}}'),
  ],
  [
    'finalizers without number',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x","finalizers":[', (n) => `"a/f${n}",`, '"a/z"]}}'),
  ],
  [
    'managed fields without number',
    'PUT',
    `${maps}/a`,
    'application/json',
    () => filled('{"metadata":{"name":"a","managedFields":[', () => '{"operation":"Apply"},', '{}]}}'),
  ],
  [
    'managed fields of megabytes',
    'PUT',
    `${maps}/a`,
    'application/json',
    () =>
      filled(
        '{"metadata":{"name":"a","managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{',
        (n) => `"f:${n}":{},`,
        '"f:z":{}}}}]}}',
      ),
  ],
  [
    'a number of megabytes',
    'POST',
    maps,
    'application/json',
    () => filled('{"metadata":{"name":"x","generation":', () => '9', '}}'),
  ],
  [
    'a quantity of megabytes',
    'POST',
    sets,
    'application/json',
    () =>
      filled(
        setOf('{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"@"}}}]}').split('@')[0]!,
        () => '9',
        '"}}}]}}}}',
      ),
  ],
  [
    'a container of many variables',
    'POST',
    sets,
    'application/json',
    () =>
      filled(
        setOf(`{"containers":[${container}`).slice(0, -4),
        (n) => `{"name":"E${n}","value":"$(E${n})"},`,
        '{"name":"Z"}]}]}}}}',
      ),
  ],
  [
    'YAML that doubles itself',
    'POST',
    maps,
    'application/yaml',
    () => filled('a0: &a0 [x]\n', (n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`, '', 4000),
  ],
  [
    'YAML that merges itself',
    'POST',
    maps,
    'application/yaml',
    () => filled('a0: &a0 {x: y}\n', (n) => `a${n + 1}: &a${n + 1} {<<: [*a${n}, *a${n}], k${n}: v}\n`, '', 200_000),
  ],
  ['YAML that holds itself', 'POST', maps, 'application/yaml', () => 'metadata: &a\n  name: x\n  labels: *a\n'],
  ['YAML that goes deep in brackets', 'POST', maps, 'application/yaml', () => '['.repeat(200_000)],
  ['YAML that goes deep in dashes', 'POST', maps, 'application/yaml', () => '- '.repeat(500_000)],
  ['YAML of many anchors', 'POST', maps, 'application/yaml', () => filled('', (n) => `k${n}: &a${n} v\n`, '')],
  ['YAML of many documents', 'POST', maps, 'application/yaml', () => '---\n'.repeat(200_000)],
  ['YAML of question marks', 'POST', maps, 'application/yaml', () => '? '.repeat(100_000)],
  [
    'protobuf lists without end',
    'POST',
    maps,
    protobuf,
    () => envelope('ConfigMap', bytesField(1, repeated(Buffer.from([0x72, 1, 0x61])))),
  ],
  [
    'protobuf lists of nothing',
    'POST',
    maps,
    protobuf,
    () => envelope('ConfigMap', bytesField(1, repeated(Buffer.from([0x6a, 0])))),
  ],
  [
    'a protobuf map of many keys',
    'POST',
    maps,
    protobuf,
    () => envelope('ConfigMap', bytesField(1, Buffer.concat(Array.from({ length: 50_000 }, (_, n) => entry(n))))),
  ],
  ['a protobuf map of one key', 'POST', maps, protobuf, () => envelope('ConfigMap', bytesField(1, repeated(entry(0))))],
  [
    'protobuf that goes deep',
    'POST',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    protobuf,
    () => envelope('CustomResourceDefinition', nested(20_000)),
  ],
  [
    'a merge patch of many keys',
    'PATCH',
    `${maps}/a`,
    'application/merge-patch+json',
    () => filled('{"data":{', (n) => `"${n}":"v",`, '"z":null}}'),
  ],
  [
    'a strategic patch of many list items',
    'PATCH',
    `${sets}/a`,
    'application/strategic-merge-patch+json',
    () => filled('{"spec":{"template":{"spec":{"containers":[', (n) => `{"name":"c${n}"},`, '{"name":"z"}]}}}}'),
  ],
  [
    'a strategic patch that orders many',
    'PATCH',
    `${sets}/a`,
    'application/strategic-merge-patch+json',
    () =>
      filled(
        '{"spec":{"template":{"spec":{"$setElementOrder/containers":[',
        (n) => `{"name":"c${n}"},`,
        '{"name":"z"}]}}}}',
      ),
  ],
  [
    'a strategic patch that deletes many',
    'PATCH',
    `${maps}/a`,
    'application/strategic-merge-patch+json',
    () => filled('{"metadata":{"$deleteFromPrimitiveList/finalizers":[', (n) => `"a/${n}",`, '"z"]}}'),
  ],
  [
    'an apply of many list items',
    'PATCH',
    `${sets}/a?fieldManager=m&force=true`,
    'application/apply-patch+yaml',
    () =>
      filled(
        '{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[',
        (n) => `{"name":"c${n}","image":"i"},`,
        '{"name":"z"}]}}}}',
      ),
  ],
  [
    'an apply of one list item many times',
    'PATCH',
    `${sets}/a?fieldManager=m&force=true`,
    'application/apply-patch+yaml',
    () =>
      filled(
        '{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"a"},"spec":{"template":{"spec":{"tolerations":[',
        () => '{"key":"a"},',
        '{"key":"z"}]}}}}',
      ),
  ],
  [
    'a JSON patch of ten thousand copies',
    'PATCH',
    `${maps}/a`,
    'application/json-patch+json',
    () =>
      `[${'{"op":"copy","from":"/metadata","path":"/metadata/labels"},'.repeat(9_999)}{"op":"test","path":"","value":0}]`,
  ],
  [
    'a JSON patch that doubles',
    'PATCH',
    `${maps}/a`,
    'application/json-patch+json',
    () => `[${'{"op":"copy","from":"/data","path":"/data/x"},'.repeat(200)}{"op":"remove","path":"/x"}]`,
  ],
  [
    'a JSON patch that adds to the front',
    'PATCH',
    `${maps}/a`,
    'application/json-patch+json',
    () =>
      `[{"op":"add","path":"/metadata/finalizers","value":[]},${'{"op":"add","path":"/metadata/finalizers/0","value":"a/b"},'.repeat(9_990)}{"op":"remove","path":"/x"}]`,
  ],
];

for (const [name, method, path, type, body] of bombs)
  test(name, async () => {
    const bytes = Buffer.from(body() as string);
    assert.ok(bytes.length <= bytesMax);
    const began = performance.now();
    await api.check({ method, path, type, body: bytes });
    const ms = performance.now() - began;
    assert.ok(ms < msMax, `${Math.round(ms)} ms`);
  });

const text = 60_000;
const selectors: readonly (readonly [name: string, query: string])[] = [
  ['a label selector of many terms', `labelSelector=${'a%3Db,'.repeat(text / 6)}c`],
  ['a label selector of one set', `labelSelector=a+in+(${'b,'.repeat(text / 2)}c)`],
  ['a label selector of brackets', `labelSelector=${'('.repeat(text)}`],
  ['a field selector of many terms', `fieldSelector=${'metadata.name!%3Da,'.repeat(text / 20)}metadata.name!%3Db`],
  ['a field selector of backslashes', `fieldSelector=metadata.name%3D${'\\'.repeat(text)}`],
  ['a continue token of noise', `limit=1&continue=${'A'.repeat(text)}`],
  ['parameters without number', 'a=b&'.repeat(text / 4)],
];
for (const [name, query] of selectors)
  test(name, async () => {
    const began = performance.now();
    await api.check({ method: 'GET', path: `${maps}?${query}` });
    assert.ok(performance.now() - began < msMax);
  });

test('after all of that the server is no bigger', async () => {
  await api.check({ method: 'GET', path: maps });
  const { heapUsed } = process.memoryUsage();
  assert.ok(heapUsed < 700 * 1024 * 1024, `${Math.round(heapUsed / 2 ** 20)} MiB`);
});
