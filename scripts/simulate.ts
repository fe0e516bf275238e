// Runs the simulator: `npm run simulate -- --seeds 1000`. Two workers at most. Prints what was run and found; a failing
// seed is shrunk and printed in words. `--embedded` puts the real API server, scheduler, controllers and simulated nodes
// around the controller in place of models. `--policies` gives every history rollout policies, not only a quarter. `--crash-points` goes through short scenes with a crash at each single write, in
// both modes. `--upstream` compares decisions with a model of upstream's. `--seed 7 --log` runs one history and shows what happened; `--mutations`
// checks that the deliberate bugs of simulate-mutations.ts are found, `--mutation TEXT` those with the text in their name.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  addReports,
  compareWithUpstream,
  describeHistory,
  emptyReport,
  generateHistory,
  type Mode,
  type Report,
  runCrashPoints,
  runHistory,
  scenes,
  shrinkHistory,
} from '../src/simulation/index.ts';
import { editsOf, mutations } from './simulate-mutations.ts';
import type { Assignment } from './simulate-worker.ts';

const workersMax = 2;
const shrunkMax = 3;
const seedsDefault = 1000;
/** A deliberate bug may make the controller loop without end inside one turn: that is not counted as found. */
const mutationMsMax = 240_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    embedded: { type: 'boolean', default: false },
    policies: { type: 'boolean', default: false },
    upstream: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    'crash-points': { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
});
const mode: Mode = values.embedded ? 'embedded' : 'model';
const { policies } = values;
const say = (line: string) => process.stdout.write(`${line}\n`);

function work(assignment: Assignment, msMax?: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'simulate-worker.ts'), [JSON.stringify(assignment)]);
    let report: Report | undefined;
    const giveUp = () => {
      report = emptyReport;
      child.kill('SIGKILL');
    };
    const timer = msMax === undefined ? undefined : setTimeout(giveUp, msMax);
    child.on('message', (message) => {
      report = message as Report;
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (report === undefined) reject(new Error(`a worker ended with ${code} and no report`));
      else resolve(report);
    });
  });
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

async function simulate(from: number, count: number): Promise<void> {
  const startedAt = performance.now();
  const reports = await Promise.all(
    range(0, workersMax).map((worker) =>
      work({
        mode,
        seeds: range(from, count).filter((seed) => seed % workersMax === worker),
        stopAtFirst: false,
        policies,
      }),
    ),
  );
  const report = reports.reduce(addReports, emptyReport);
  const faults = Object.entries(report.faults).toSorted(([a], [b]) => (a < b ? -1 : 1));
  say(`${report.seeds} seeds, ${report.steps} steps, ${report.versions} writes that took effect`);
  say(
    `${(report.virtualMs / 3_600_000).toFixed(0)} hours of virtual time in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  say(`states of a node covered: ${report.states.length}`);
  say(`faults and happenings: ${faults.map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
  say(`digest: ${report.digest}`);
  say(`failures: ${report.failures.length}`);
  for (const [index, { seed, invariant, what }] of report.failures.entries()) {
    say(`\nseed ${seed} breaks '${invariant}': ${what}`);
    if (index >= shrunkMax || values['no-shrink']) continue;
    const { history, runs } = await shrinkHistory(generateHistory(seed, { policies }), invariant, mode);
    say(`shrunk in ${runs} runs to:\n${describeHistory(history)}\nas data: ${JSON.stringify(history)}`);
  }
  if (report.failures.length > 0) process.exitCode = 1;
}

async function simulateOne(seed: number): Promise<void> {
  const history = generateHistory(seed, { policies });
  say(describeHistory(history));
  const { violation, log } = await runHistory(history, mode);
  if (values.log) for (const line of log) say(line);
  say(violation === undefined ? 'nothing found' : `breaks '${violation.invariant}': ${violation.what}`);
  if (violation !== undefined) process.exitCode = 1;
}

async function crashAtEachWrite(): Promise<void> {
  const seeds = { model: [1, 2, 3, 4], embedded: [1, 2] } as const;
  for (const mode of ['model', 'embedded'] as const) {
    let [histories, failed] = [0, 0];
    for (const scene of scenes) {
      const found = await runCrashPoints(scene, seeds[mode], mode);
      histories += found.histories;
      failed += found.failures.length;
      for (const { what, history } of found.failures.slice(0, shrunkMax))
        say(`${what}\n${describeHistory(history)}\nas data: ${JSON.stringify(history)}`);
    }
    say(`${mode}: ${scenes.length} scenes, ${histories} crashes, one at each write; failures: ${failed}`);
    if (failed > 0) process.exitCode = 1;
  }
}

async function compare(from: number, count: number): Promise<void> {
  const { states, differences, unlisted } = await compareWithUpstream(range(from, count));
  say(`${count} histories without faults, ${states} states`);
  for (const [id, times] of differences) say(`${id}: ${times}`);
  say(`not listed in docs/differences.md: ${unlisted.length}`);
  for (const what of unlisted.slice(0, shrunkMax)) say(what);
  if (unlisted.length > 0) process.exitCode = 1;
}

async function checkMutations(from: number): Promise<void> {
  for (const mutation of mutations)
    for (const { file, search } of editsOf(mutation))
      if (!readFileSync(join(import.meta.dirname, '..', 'src', file), 'utf8').includes(search))
        throw new Error(`mutation '${mutation.name}' finds its text no more in ${file}: bring it along`);
  const waiting = mutations.filter(({ name }) => values.mutation === undefined || name.includes(values.mutation));
  const all = waiting.length;
  let missed = 0;
  const run = async () => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const { name, seedsMax } = mutation;
      const { failures, seeds } = await work(
        {
          mode: mutation.mode ?? 'model',
          seeds: range(mutation.seedsFrom ?? from, seedsMax),
          stopAtFirst: true,
          policies: mutation.policies === true,
          mutation: name,
        },
        mutationMsMax,
      );
      const [found] = failures;
      if (found === undefined) missed++;
      say(
        found === undefined
          ? `MISSED  ${name}: not found in ${seedsMax} seeds or ${mutationMsMax / 1000} s`
          : `found   ${name}: after ${seeds} seeds (${seedsMax} allowed), by '${found.invariant}'`,
      );
    }
  };
  await Promise.all(range(0, workersMax).map(run));
  say(`${all - missed} of ${all} deliberate bugs found`);
  if (missed > 0) process.exitCode = 1;
}

const from = Number(values.from);
if (values.seed !== undefined) await simulateOne(Number(values.seed));
else if (values['crash-points']) await crashAtEachWrite();
else if (values.mutations || values.mutation !== undefined) await checkMutations(from);
else if (values.upstream) await compare(from, Number(values.seeds ?? seedsDefault));
else await simulate(from, Number(values.seeds ?? seedsDefault));
