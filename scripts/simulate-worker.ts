// One worker of scripts/simulate.ts: runs a range of seeds, with or without a deliberate bug, and sends its report.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Mode, Report } from '../src/simulation/index.ts';
import { mutations } from './simulate-mutations.ts';

export interface Assignment {
  readonly mode: Mode;
  readonly seeds: readonly number[];
  readonly stopAtFirst: boolean;
  readonly mutation?: string;
}

const assignment = JSON.parse(process.argv[2]!) as Assignment;
const source = join(import.meta.dirname, '..', 'src');

const mutation = mutations.find(({ name }) => name === assignment.mutation);
if (mutation !== undefined) {
  const path = join(source, mutation.file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(mutation.search, mutation.replace);
  if (changed === text) throw new Error(`mutation '${mutation.name}' finds nothing to change in ${mutation.file}`);
  const target = pathToFileURL(path).href;
  registerHooks({
    load: (url, context, next) => (url === target ? { ...next(url, context), source: changed } : next(url, context)),
  });
}

const { addReports, emptyReport, generateHistory, reportOf, runHistory } = await import('../src/simulation/index.ts');

// A programmer error in what nobody waits for (actions.ts) comes out here.
let crash: unknown;
process.on('unhandledRejection', (reason) => {
  crash ??= reason;
});

let report: Report = emptyReport;
for (const seed of assignment.seeds) {
  let result = reportOf(seed, await runHistory(generateHistory(seed), assignment.mode));
  if (crash !== undefined) {
    const what = inspect(crash);
    result = { ...result, failures: [{ seed, invariant: 'programmer error', what }] };
    crash = undefined;
  }
  report = addReports(report, result);
  if (assignment.stopAtFirst && report.failures.length > 0) break;
}
process.send?.(report);
if (process.send === undefined) process.stdout.write(`${JSON.stringify(report)}\n`);
