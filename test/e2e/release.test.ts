// A release, made as it is made, into a scratch directory: everything is there, its digests are right, and its papers
// say what is in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LockFile, productionPackages } from '../../scripts/release-papers.ts';
import { packageVersion } from '../../src/cli/package-version.ts';
import { temporaryDirectory } from './support/everynode.ts';

const root = join(import.meta.dirname, '..', '..');

test('a release has its package, its bill of materials, where it came from, and their digests', async (t) => {
  const output = join(temporaryDirectory(), 'release');
  // The image has a test of its own (image.test.ts), and its time.
  const flags = ['--output', output, '--no-image', '--installed-modules'];
  execFileSync(process.execPath, [join(root, 'scripts/release.ts'), ...flags], { cwd: root, stdio: 'pipe' });
  const base = `everynode-${packageVersion()}`;
  const read = (file: string) => readFileSync(join(output, file), 'utf8');
  const json = (file: string): unknown => JSON.parse(read(file));

  await t.test('the digests are those of the files', () => {
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: output, stdio: 'pipe' });
    const files = read('SHA256SUMS')
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[1]);
    assert.deepEqual(files, [`${base}.cdx.json`, `${base}.provenance.json`, `${base}.tgz`]);
  });

  await t.test('the package has the program and its types, and neither sources nor tests', () => {
    const names = execFileSync('tar', ['-tzf', join(output, `${base}.tgz`)], { encoding: 'utf8' })
      .trim()
      .split('\n');
    for (const name of ['bin/everynode.js', 'dist/cli/main.js', 'dist/testing/index.d.ts', 'LICENSE', 'package.json'])
      assert.ok(names.includes(`package/${name}`), `${name} is missing`);
    assert.deepEqual(
      names.filter((name) => /^package\/(src|test|scripts)\//.test(name) || name.includes('.test.')),
      [],
    );
  });

  await t.test('the bill of materials has every production dependency of the lock file, and no other', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
    const expected = [...productionPackages(lock)];
    assert.ok(expected.includes(`undici@${lock.packages['node_modules/undici']!.version}`));
    const bill = json(`${base}.cdx.json`) as {
      bomFormat: string;
      components: { group?: string; name: string; version: string }[];
    };
    assert.equal(bill.bomFormat, 'CycloneDX');
    const found = bill.components.map(
      ({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name}@${version}`,
    );
    assert.deepEqual([...new Set(found)].toSorted(), expected.toSorted());
  });

  await t.test('its provenance names the commit, the lock file and what was made of them', () => {
    type Digest = { readonly name: string; readonly digest: Readonly<Record<string, string>> };
    type Statement = {
      readonly predicateType: string;
      readonly subject: readonly Digest[];
      readonly predicate: { readonly buildDefinition: { readonly resolvedDependencies: readonly Digest[] } };
    };
    const { predicateType, subject, predicate } = json(`${base}.provenance.json`) as Statement;
    assert.equal(predicateType, 'https://slsa.dev/provenance/v1');
    const sums = read('SHA256SUMS');
    for (const { name, digest } of subject) assert.ok(sums.includes(`${digest['sha256']}  ${name}\n`), name);
    assert.deepEqual(
      subject.map(({ name }) => name),
      [`${base}.cdx.json`, `${base}.tgz`],
    );
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
    const [source, lock] = predicate.buildDefinition.resolvedDependencies;
    assert.equal(source?.digest['gitCommit'], commit);
    assert.match(lock?.digest['sha256'] ?? '', /^[0-9a-f]{64}$/);
  });
});
