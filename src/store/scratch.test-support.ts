// A directory for the files of a test. In memory where there is such a place: these tests sync hundreds of times, and
// what a disk makes of that is the disk's (test/store-kill.test.ts uses a real one).
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const memoryDirectory = '/dev/shm';

/** Removed when the tests of the calling file are over. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(existsSync(memoryDirectory) ? memoryDirectory : tmpdir(), 'everynode-store-'));
  after(() => rmSync(directory, { recursive: true }));
  return directory;
}
