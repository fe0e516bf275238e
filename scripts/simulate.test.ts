// One seed is one history, bit for bit, whoever runs it: in this process, in others, in another order, among others. And
// that the deliberate bugs are brought along with the code they break.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  addReports,
  emptyReport,
  generateHistory,
  type Mode,
  type Report,
  reportOf,
  runHistory,
} from '../src/simulation/index.ts';
import { editsOf, mutations } from './simulate-mutations.ts';
import type { Assignment } from './simulate-worker.ts';

async function here(mode: Mode, seeds: readonly number[]): Promise<Report> {
  let report = emptyReport;
  for (const seed of seeds) report = addReports(report, reportOf(seed, await runHistory(generateHistory(seed), mode)));
  return report;
}

function elsewhere(mode: Mode, seeds: readonly number[]): Report {
  const assignment: Assignment = { mode, seeds, stopAtFirst: false };
  const worker = join(import.meta.dirname, 'simulate-worker.ts');
  return JSON.parse(
    execFileSync(process.execPath, [worker, JSON.stringify(assignment)], { encoding: 'utf8' }),
  ) as Report;
}

it('every deliberate bug finds the text that it changes, once', () => {
  for (const mutation of mutations)
    for (const { file, search } of editsOf(mutation)) {
      const text = readFileSync(join(import.meta.dirname, '..', 'src', file), 'utf8');
      assert.equal(text.split(search).length, 2, `${mutation.name}: ${file}`);
    }
});

describe('a seed', () => {
  // 28 has two controllers and a lease, 16 restarts the API server and crashes the controller.
  for (const [mode, seeds] of [
    ['model', [28, 4, 16]],
    ['embedded', [16, 3]],
  ] as const)
    it(`is the same history in every process and in any order, mode ${mode}`, async () => {
      const there = elsewhere(mode, seeds);
      assert.equal(there.seeds, seeds.length);
      const [last, ...others] = seeds.toReversed();
      const rest = await here(mode, others);
      assert.notEqual(rest.digest, there.digest);
      assert.equal(addReports(rest, await here(mode, [last!])).digest, there.digest);
    });
});
