// Histories that once broke a promise, as the simulator shrank them (`regressions/`, one a file: what it was, and the data
// that `npm run simulate` printed). Each must stay quiet.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { History } from './history.ts';
import { type Mode, runHistory } from './run.ts';

interface Found {
  readonly what: string;
  /** `model` when absent. */
  readonly mode?: Mode;
  readonly history: History;
}

const folder = join(import.meta.dirname, 'regressions');

describe('what the simulator once found', () => {
  for (const file of globSync('*.json', { cwd: folder }).toSorted()) {
    const { what, mode, history } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Found;
    it(`does not come back: ${what}`, async () => {
      const { violation } = await runHistory(history, mode);
      assert.equal(violation, undefined, file);
    });
  }
});
