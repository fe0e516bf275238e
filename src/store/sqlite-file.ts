// The SQLite file of a store: made, recognised, checked, read and locked here. Rule of this module: a file that is not
// wholly ours and sound is never written to, not even by SQLite's own recovery; it is refused with CorruptStoreError.
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { compareKeys } from './key-order.ts';
import type { Entry, StoredValue } from './store.ts';
import { CorruptStoreError, StoreLockedError } from './store.ts';
import { firstRevision } from './versions.ts';

/** "EvNd", in SQLite's header: tells our files from anybody else's. */
const applicationId = 0x45_76_4e_64;
const formatVersion = 1;

/** Where SQLite's header holds what it holds: https://www.sqlite.org/fileformat.html#the_database_header */
const header = { bytes: 100, magic: 'SQLite format 3\0', userVersionAt: 60, applicationIdAt: 68 };

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const resultCodes = { error: 1, busy: 5, corrupt: 11, schema: 17, tooBig: 18, mismatch: 20, notADatabase: 26 };
/** What damage to a file looks like. "Error" too: our statements are sound, so it is the tables that are not. */
const damageCodes: ReadonlySet<number | undefined> = new Set([
  resultCodes.error,
  resultCodes.corrupt,
  resultCodes.schema,
  resultCodes.tooBig,
  resultCodes.mismatch,
  resultCodes.notADatabase,
]);

/** Not WITHOUT ROWID: that is two to four times slower with values of a pod's size. */
const schema = `
  CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, revision INTEGER NOT NULL, value TEXT NOT NULL, checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS head (
    id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, checksum INTEGER NOT NULL
  ) STRICT;`;

export interface StoreFile {
  /** Open for writing and locked against every other process until it is closed. */
  readonly database: DatabaseSync;
  readonly revision: number;
  readonly entries: readonly Entry[];
}

/** Opens the store at `path`, making it if nothing is there. Throws CorruptStoreError and StoreLockedError. */
export function openStoreFile(path: string, fileBytesMax: number): StoreFile {
  if (!existsSync(path)) createStoreFile(path);
  requireOurHeader(path);
  const { revision, entries } = readSound(path);
  const database = openLocked(path, path, fileBytesMax);
  // Between the reading and the lock another process may have opened it, written, and gone again.
  if (readHead(database, path) !== revision) {
    database.close();
    throw new StoreLockedError(path);
  }
  return { database, revision, entries };
}

/** Guards a row against rot on the disk: SQLite itself checks the structure of its pages, not what is in them. */
export function checksum(revision: number, key = '', value = ''): number {
  return crc32(value, crc32(`${revision} ${key} `));
}

/**
 * Makes the file aside and moves it in place when it is complete, so that a crash leaves either nothing or a store.
 * The lock on the new file is held over the move: two processes cannot both find the place empty.
 */
function createStoreFile(path: string): void {
  const log = `${path}-wal`;
  if (existsSync(log) && statSync(log).size > 0)
    throw corrupt(path, `is missing while its write-ahead log ${log} is there`);
  const draft = `${path}.new`;
  closeSync(openSync(draft, 'a', 0o600)); // It will hold secrets. SQLite gives its log the same mode.
  const database = openLocked(draft, path);
  try {
    guarded(draft, path, () => {
      database.exec(
        `BEGIN; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}; ${schema}`,
      );
      database
        .prepare('INSERT OR REPLACE INTO head (id, revision, checksum) VALUES (1, ?, ?)')
        .run(firstRevision, checksum(firstRevision));
      database.exec('COMMIT');
    });
    if (existsSync(path)) rmSync(draft);
    else renameSync(draft, path);
  } finally {
    database.close();
  }
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** Looks at the first bytes without SQLite, which would start to recover whatever lies beside the file. */
function requireOurHeader(path: string): void {
  if (!statSync(path).isFile()) throw corrupt(path, 'is not a file');
  const bytes = Buffer.alloc(header.bytes);
  const file = openSync(path, 'r');
  const length = readSync(file, bytes, 0, header.bytes, 0);
  closeSync(file);
  if (length === 0) throw corrupt(path, 'is empty');
  const isSqlite = length === header.bytes && bytes.toString('latin1', 0, header.magic.length) === header.magic;
  if (!isSqlite || bytes.readUInt32BE(header.applicationIdAt) !== applicationId)
    throw corrupt(path, 'is not an everynode store');
  const version = bytes.readUInt32BE(header.userVersionAt);
  if (version !== formatVersion)
    throw new CorruptStoreError(
      path,
      `${path} has store format ${version}, this everynode knows ${formatVersion} only: ` +
        'use the everynode that wrote it, or move the file away to start anew',
    );
}

/**
 * Checks and reads everything through a read-only connection, which leaves the file and its log as they are; where
 * there was no log it may leave an empty one, and a `-shm` file without data.
 */
function readSound(path: string): { revision: number; entries: Entry[] } {
  const database = guarded(path, path, () => new DatabaseSync(path, { readOnly: true }));
  try {
    return guarded(path, path, () => {
      const problems = database.prepare('PRAGMA integrity_check(1)').all();
      if (problems[0]?.['integrity_check'] !== 'ok')
        throw corrupt(path, `is damaged (${String(problems[0]?.['integrity_check'])})`);
      const revision = readHead(database, path);
      return { revision, entries: readEntries(database, path, revision) };
    });
  } finally {
    database.close();
  }
}

function readHead(database: DatabaseSync, path: string): number {
  const row = guarded(path, path, () => database.prepare('SELECT revision, checksum FROM head').get());
  const revision = Number(row?.['revision']);
  if (!Number.isSafeInteger(revision) || row?.['checksum'] !== checksum(revision))
    throw corrupt(path, 'is damaged (its revision does not match its checksum)');
  return revision;
}

function readEntries(database: DatabaseSync, path: string, head: number): Entry[] {
  const entries: Entry[] = [];
  for (const row of database.prepare('SELECT key, revision, value, checksum FROM entries ORDER BY key').iterate()) {
    const {
      key,
      revision,
      value,
      checksum: stored,
    } = row as { key: string; revision: number; value: string; checksum: number };
    const previous = entries.at(-1);
    if (stored !== checksum(revision, key, value))
      throw corrupt(path, `is damaged (${key} does not match its checksum)`);
    if (revision > head || (previous !== undefined && compareKeys(previous.key, key) >= 0))
      throw corrupt(path, `is damaged (${key} is out of order)`);
    entries.push({ key, revision, value: JSON.parse(value) as StoredValue });
  }
  return entries;
}

/** Opens `file` (of the store at `path`) for writing; no other process can open it until it is closed. */
function openLocked(file: string, path: string, fileBytesMax?: number): DatabaseSync {
  const database = guarded(file, path, () => new DatabaseSync(file, { allowExtension: false }));
  try {
    guarded(file, path, () => {
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      if (fileBytesMax !== undefined) {
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
        const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
        database.exec(`PRAGMA max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`);
      }
      database.exec('BEGIN EXCLUSIVE; COMMIT'); // The lock is taken with the first transaction, and kept.
    });
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

function guarded<T>(file: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = sqliteCode(error);
    if (code === resultCodes.busy) throw new StoreLockedError(path, { cause: error });
    // node:sqlite reports an integer beyond 2^53, which we never write, with a RangeError.
    if (damageCodes.has(code) || error instanceof RangeError) throw corrupt(file, 'is damaged', error);
    throw error;
  }
}

/** The primary result code of an error of node:sqlite, which carries the extended one. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

function corrupt(path: string, what: string, cause?: unknown): CorruptStoreError {
  const message =
    `${path} ${what}. Nothing was changed: restore it from a backup, ` +
    `or move it (and ${path}-wal, if there) away to start anew`;
  return new CorruptStoreError(path, message, { cause });
}
