// What a store does with a file that is not as it left it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { scratchDirectory } from './scratch.test-support.ts';
import { openSqliteStore } from './sqlite.ts';
import { CorruptStoreError } from './store.ts';

const directory = scratchDirectory();

/** A closed store with 60 keys of some 1 kB each. */
const sound = join(directory, 'sound.db');
const store = await openSqliteStore({ path: sound });
await Promise.all(Array.from({ length: 60 }, (_, i) => store.put(`p/${i}`, { text: `${i} `.repeat(300) }, 0)));
const soundEntries = (await store.range('')).entries;
await store.close();

/** A directory of its own for each damage, with a copy of the sound store. */
let copies = 0;
function newCopy(): { home: string; path: string } {
  const home = join(directory, `home-${++copies}`);
  mkdirSync(home);
  const path = join(home, 'store.db');
  copyFileSync(sound, path);
  return { home, path };
}

/** Everything that holds data: a reader leaves `-shm` and empty `-wal` files behind. */
function contents(home: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const name of readdirSync(home)) {
    const stats = statSync(join(home, name));
    if (name.endsWith('-shm') || (name.endsWith('-wal') && stats.size === 0)) continue;
    hashes[name] = stats.isFile()
      ? createHash('sha256')
          .update(readFileSync(join(home, name)))
          .digest('hex')
      : 'directory';
  }
  return hashes;
}

function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const file = readFileSync(path);
  file.set(bytes, offset);
  writeFileSync(path, file);
}

function alter(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

const damages: { name: string; damage: (path: string) => void; message: RegExp }[] = [
  {
    name: 'a text file',
    damage: (path) => writeFileSync(path, 'apiVersion: v1\n'.repeat(100)),
    message: /is not an everynode store/,
  },
  { name: 'a short text file', damage: (path) => writeFileSync(path, 'hello'), message: /is not an everynode store/ },
  { name: 'an empty file', damage: (path) => writeFileSync(path, ''), message: /is empty/ },
  {
    name: 'a directory',
    damage: (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    message: /is not a file/,
  },
  {
    name: 'a SQLite database of another application',
    damage: (path) => {
      rmSync(path);
      alter(path, 'CREATE TABLE entries (key TEXT)');
    },
    message: /is not an everynode store/,
  },
  {
    name: 'a newer format',
    damage: (path) => alter(path, 'PRAGMA user_version = 2'),
    message: /has store format 2, this everynode knows 1/,
  },
  { name: 'a truncated file', damage: (path) => truncateSync(path, 20_000), message: /is damaged/ },
  { name: 'a page of zeros', damage: (path) => overwrite(path, 8_192, Buffer.alloc(4_096)), message: /is damaged/ },
  {
    name: 'one changed letter in a value',
    damage: (path) => overwrite(path, readFileSync(path).indexOf('17 17 17') + 1, Buffer.from('8')),
    message: /is damaged \(p\/17 does not match its checksum\)/,
  },
  {
    name: 'a changed revision',
    damage: (path) => alter(path, 'UPDATE head SET revision = 3'),
    message: /its revision does not match/,
  },
  {
    name: 'a schema of a format that SQLite does not know',
    damage: (path) => overwrite(path, 47, Buffer.of(9)),
    message: /is damaged/,
  },
  { name: 'no table of entries', damage: (path) => alter(path, 'DROP TABLE entries'), message: /is damaged/ },
  {
    name: 'a revision beyond 2^53',
    damage: (path) => alter(path, 'UPDATE entries SET revision = 9007199254740993'),
    message: /is damaged/,
  },
  { name: 'no revision', damage: (path) => alter(path, 'DELETE FROM head'), message: /its revision does not match/ },
  {
    name: 'a file that is gone, its log still there',
    damage: (path) => renameSync(path, `${path}-wal`),
    message: /is missing while its write-ahead log/,
  },
];

for (const { name, damage, message } of damages)
  void test(`refuses ${name}, says what to do, and changes no byte`, async () => {
    const { home, path } = newCopy();
    damage(path);
    const before = contents(home);
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(openSqliteStore({ path }), (error) => {
        assert.ok(error instanceof CorruptStoreError);
        assert.equal(error.path, path);
        assert.match(error.message, message);
        assert.ok(error.message.includes(path) && /away/.test(error.message), error.message);
        return true;
      });
    assert.deepEqual(contents(home), before);
  });

void test('any damage to any byte is refused or harmless: nothing wrong is ever read', async () => {
  const size = statSync(sound).size;
  // The header and the schema, at the ends of the first page, are small and matter most.
  const offset = fc.oneof(fc.nat(size - 1), fc.nat(99), fc.integer({ min: 3_400, max: 4_095 }));
  const property = fc.asyncProperty(offset, fc.integer({ min: 1, max: 255 }), async (offset, flip) => {
    const { home, path } = newCopy();
    overwrite(path, offset, Buffer.of(readFileSync(path)[offset]! ^ flip));
    const before = contents(home);
    try {
      const store = await openSqliteStore({ path });
      const { entries } = await store.range('');
      await store.close();
      assert.deepEqual(entries, soundEntries);
    } catch (error) {
      assert.ok(error instanceof CorruptStoreError, String(error));
      assert.deepEqual(contents(home), before);
    }
    rmSync(home, { recursive: true });
  });
  await fc.assert(property, { numRuns: 150 });
});

void test('a damaged file with a log that was not yet folded in is refused without folding it in', async () => {
  const { home, path } = newCopy();
  const store = await openSqliteStore({ path });
  await store.put('q/a', {}, 0);
  const crashed = { home: join(home, 'crashed'), path: join(home, 'crashed', 'store.db') };
  mkdirSync(crashed.home);
  for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${crashed.path}${end}`);
  await store.close();
  overwrite(crashed.path, readFileSync(crashed.path).indexOf('17 17 17') + 1, Buffer.from('8'));
  const before = contents(crashed.home);
  assert.ok('store.db-wal' in before);
  await assert.rejects(openSqliteStore({ path: crashed.path }), CorruptStoreError);
  assert.deepEqual(contents(crashed.home), before);
});

void test('a log whose end was torn off by a crash is recovered up to the last whole transaction', async () => {
  const { home, path } = newCopy();
  const store = await openSqliteStore({ path });
  const whole = await store.put('q/a', {}, 0);
  const wholeBytes = statSync(`${path}-wal`).size;
  await store.put('q/b', {}, 0);
  const crashed = join(home, 'crashed.db');
  copyFileSync(path, crashed);
  copyFileSync(`${path}-wal`, `${crashed}-wal`);
  truncateSync(`${crashed}-wal`, wholeBytes + 1_000);
  await store.close();
  const recovered = await openSqliteStore({ path: crashed });
  assert.equal(await recovered.revision(), whole);
  assert.deepEqual(
    (await recovered.range('q/')).entries.map((entry) => entry.key),
    ['q/a'],
  );
  await recovered.close();
});

void test('a first start that was killed half-way does not stand in the way of the next', async () => {
  const path = join(directory, 'first.db');
  writeFileSync(`${path}.new`, '');
  const store = await openSqliteStore({ path });
  assert.equal(await store.revision(), 1);
  assert.ok(!existsSync(`${path}.new`));
  await store.close();
});

void test('what a refused store leaves behind does not stand in the way of a new one', async () => {
  const { path } = newCopy();
  truncateSync(path, 20_000);
  await assert.rejects(openSqliteStore({ path }), CorruptStoreError);
  renameSync(path, `${path}.damaged`);
  const store = await openSqliteStore({ path });
  assert.equal(await store.revision(), 1);
  assert.deepEqual((await store.range('')).entries, []);
  await store.close();
});

void test('a directory that does not exist is an error that names the path', async () => {
  await assert.rejects(openSqliteStore({ path: join(directory, 'none', 'store.db') }), { code: 'ENOENT' });
});
