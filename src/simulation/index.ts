// The door to the simulator: the real controller, and the real cluster around it, under virtual time, with faults. One seed, one history, bit for bit.
export { runCrashPoints, scenes } from './crash-points.ts';
export { generateHistory } from './generate.ts';
export { type History, promisesOf, type Step } from './history.ts';
export { addReports, describeHistory, emptyReport, type Failure, type Report, reportOf } from './report.ts';
export { type Mode, type Outcome, runHistory } from './run.ts';
export { type Comparison, compareWithUpstream } from './upstream/run.ts';
export { shrinkHistory } from './shrink.ts';
