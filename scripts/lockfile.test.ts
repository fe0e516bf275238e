import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly deprecated?: string;
}

const root = join(import.meta.dirname, '..');
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, LockedPackage>> };
const locked = Object.entries(packages).filter(([path]) => path !== '');

/** Packages that may run a script when they are installed, and why. */
const mayRunScripts: Readonly<Record<string, string>> = {
  'node_modules/@bufbuild/buf':
    'development only (npm run generate); works without its script, as `npm ci --ignore-scripts` shows',
};

describe('the lock file', () => {
  test('has no production dependency that runs a script when it is installed', () => {
    const found = locked.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true);
    assert.deepEqual(found, []);
  });

  test('names every other package that does', () => {
    const found = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path);
    assert.deepEqual(found, Object.keys(mayRunScripts));
  });

  test('has every package by its digest, and none from elsewhere than a registry', () => {
    assert.ok(locked.length > 100);
    for (const [path, { resolved, integrity }] of locked) {
      assert.match(integrity ?? '', /^sha512-/, path);
      assert.match(resolved ?? 'https://', /^https:/, path);
    }
  });

  test('has no package that its author has given up', () => {
    assert.deepEqual(
      locked.filter(([, { deprecated }]) => deprecated !== undefined).map(([path]) => path),
      [],
    );
  });

  test('answers a manifest that asks for exact versions', () => {
    type Manifest = Readonly<Record<string, Readonly<Record<string, string>>>>;
    const { dependencies, devDependencies, optionalDependencies } = read('package.json') as Manifest;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });
});
