import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Refusal } from './failure.ts';
import { readManifests } from './manifests.ts';
import { parseYaml } from '../machinery/index.ts';

function withFile<T>(text: string, use: (path: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-test-'));
  try {
    const path = join(directory, 'manifest.yaml');
    writeFileSync(path, text);
    return use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

test('a file may hold several documents, empty ones and Lists', () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n`;
  const text = ['# only a comment\n', configMap('a'), configMap('b'), list, ''].join('---\n');
  const names = withFile(text, (path) => readManifests(path).map((manifest) => manifest.metadata.name));
  assert.deepEqual(names, ['a', 'b', 'c']);
});

test('the manifest of the seed is read as it stands', () => {
  const path = join(import.meta.dirname, '..', '..', 'examples', 'fluentd-elasticsearch.yaml');
  const [manifest] = readManifests(path);
  assert.equal(manifest?.kind, 'DaemonSet');
  assert.equal(manifest?.metadata.namespace, 'kube-system');
});

const refused = [
  { name: 'broken YAML', text: 'a: [1\nb: 2', says: /manifest\.yaml: line 2: / },
  { name: 'text that is no object', text: 'hello', says: /object 1: not an object/ },
  { name: 'a list at the top', text: '- a\n- b', says: /not an object/ },
  { name: 'an empty file', text: '', says: /no Kubernetes object in it/ },
  {
    name: 'an object without a kind',
    text: `${configMap('a')}---\napiVersion: v1\nmetadata: {name: b}`,
    says: /object 2: kind is missing/,
  },
  { name: 'an object without a name', text: 'apiVersion: v1\nkind: Pod', says: /metadata\.name is missing/ },
  {
    name: 'a number for a name',
    text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: 5}',
    says: /metadata\.name is missing/,
  },
];
for (const { name, text, says } of refused) {
  test(`${name} is refused with the file and the place`, () => {
    withFile(text, (path) => {
      assert.throws(
        () => readManifests(path),
        (error) => error instanceof Refusal && says.test(error.message),
      );
    });
  });
}

test('a file that is not there is refused by name', () => {
  assert.throws(() => readManifests('/nowhere/at-all.yaml'), /^Refusal: \/nowhere\/at-all\.yaml: no such file$/);
});

test('scalars are what they are for Kubernetes', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['0644', 420],
    ['420', 420],
    ['yes', true],
    ['"yes"', 'yes'],
    ['2001-12-14', '2001-12-14'],
    ['1.5', 1.5],
    ['80:80', '80:80'],
    ['~', null],
    ['200Mi', '200Mi'],
  ];
  for (const [text, value] of cases) assert.deepEqual(parseYaml(text), [value], text);
});
