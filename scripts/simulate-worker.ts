// One worker of scripts/simulate.ts: runs a range of seeds, with or without a deliberate bug, and sends its report.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Mode, Report } from '../src/simulation/index.ts';
import { editsOf, mutations } from './simulate-mutations.ts';

export interface Assignment {
  readonly mode: Mode | 'crash points';
  readonly seeds: readonly number[];
  readonly stopAtFirst: boolean;
  /** Rollout policies in every history. */
  readonly policies?: boolean;
  readonly mutation?: string;
}

const assignment = JSON.parse(process.argv[2]!) as Assignment;
const source = join(import.meta.dirname, '..', 'src');

const mutation = mutations.find(({ name }) => name === assignment.mutation);
if (mutation !== undefined) {
  const changed = new Map<string, string>();
  for (const { file, search, replace } of editsOf(mutation)) {
    const path = join(source, file);
    const target = pathToFileURL(path).href;
    const before = changed.get(target) ?? readFileSync(path, 'utf8');
    const after = before.replace(search, () => replace);
    if (after === before) throw new Error(`mutation '${mutation.name}' finds nothing to change in ${file}`);
    changed.set(target, after);
  }
  registerHooks({
    load(url, context, next) {
      const text = changed.get(url);
      return text === undefined ? next(url, context) : { ...next(url, context), source: text };
    },
  });
}

const { addReports, emptyReport, generateHistory, reportOf, runCrashPoints, runHistory, scenes } = await import(
  '../src/simulation/index.ts'
);

// A programmer error in what nobody waits for (actions.ts) comes out here.
let crash: unknown;
process.on('unhandledRejection', (reason) => {
  crash ??= reason;
});

/** One history, or all crashes of all scenes with this seed. */
async function run(seed: number): Promise<Report> {
  if (assignment.mode !== 'crash points')
    return reportOf(seed, await runHistory(generateHistory(seed, assignment), assignment.mode));
  let failures: Report['failures'] = [];
  for (const scene of scenes) {
    const found = await runCrashPoints(scene, [seed], 'model');
    failures = [...failures, ...found.failures.map(({ what }) => ({ seed, invariant: 'a crash', what }))];
  }
  return { ...emptyReport, seeds: 1, failures };
}

let report: Report = emptyReport;
for (const seed of assignment.seeds) {
  let result = await run(seed);
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
