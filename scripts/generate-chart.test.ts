import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { installObjects } from '../src/cli/install/manifests.ts';
import { defaultInstallOptions, type InstallOptions } from '../src/cli/install/options.ts';
import { packageVersion } from '../src/cli/package-version.ts';
import { parseYaml } from '../src/machinery/index.ts';
import { chartDirectory, chartFiles } from './generate-chart.ts';

const version = packageVersion();
const committed = new Map(
  globSync('**/*.yaml', { cwd: chartDirectory }).map((path) => [
    path,
    readFileSync(join(chartDirectory, path), 'utf8'),
  ]),
);
const defaults = parseYaml(committed.get('values.yaml') ?? '')[0];

/** As much of Helm as the chart uses: whole values, and one condition around a whole file. */
function render(template: string, context: object): string {
  const look = (path: string) =>
    path.split('.').reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], context);
  const filled = template
    .replaceAll(/\{\{- if \.(\S+) \}\}\n([^]*?)\{\{- end \}\}\n/g, (_, path: string, body: string) =>
      look(path) === true ? body : '',
    )
    .replaceAll(/\{\{ \.(\S+) \}\}/g, (_, path: string) => String(look(path)));
  assert.doesNotMatch(filled, /\{\{|undefined/);
  return filled;
}

function rendered(values: object, namespace: string): readonly unknown[] {
  const context = { Values: { ...(defaults as object), ...values }, Release: { Namespace: namespace } };
  const objects = (folder: string, read: (text: string) => string) =>
    [...committed].filter(([path]) => path.startsWith(folder)).flatMap(([, text]) => parseYaml(read(text)));
  // What is in crds/ is no template.
  return [...objects('crds/', (text) => text), ...objects('templates/', (text) => render(text, context))].filter(
    (object) => object !== null,
  );
}

const byKind = (objects: readonly unknown[]) =>
  Object.fromEntries(objects.map((object) => [(object as { kind: string }).kind, object]));

describe('the Helm chart', () => {
  test('is generated from the sources: run npm run generate when this fails', () => {
    assert.deepEqual(committed, chartFiles(version));
  });

  const table: readonly (readonly [string, object, Partial<InstallOptions>])[] = [
    ['its defaults', {}, {}],
    [
      'every value changed',
      {
        image: 'registry.example.com/everynode:7',
        replicas: 3,
        logLevel: 'debug',
        resources: { cpuRequest: '1', memoryRequest: '1Gi', memoryLimit: '2Gi' },
        serviceMonitor: true,
      },
      {
        image: 'registry.example.com/everynode:7',
        replicas: 3,
        logLevel: 'debug',
        cpuRequest: '1',
        memoryRequest: '1Gi',
        memoryLimit: '2Gi',
        serviceMonitor: true,
      },
    ],
  ];
  for (const [name, values, options] of table)
    test(`makes the objects of everynode install with ${name}`, () => {
      const expected = installObjects({
        ...defaultInstallOptions(version),
        ...options,
        namespace: 'ops',
        createNamespace: false,
      });
      assert.deepEqual(byKind(rendered(values, 'ops')), byKind(expected));
    });
});
