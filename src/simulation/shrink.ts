// A failing history made short: steps, then DaemonSets and nodes, are left out as long as it still fails in the same way
// (delta debugging). What is left out keeps its time, then time is taken out as well.
import type { History, Step } from './history.ts';
import { type Mode, runHistory } from './run.ts';

const runsMaxDefault = 600;

/** Returns the shortest history found that breaks the same invariant, and how many runs that took. */
export async function shrinkHistory(
  history: History,
  invariant: string,
  mode: Mode = 'model',
  runsMax: number = runsMaxDefault,
): Promise<{ readonly history: History; readonly runs: number }> {
  let runs = 0;
  const fails = async (candidate: History): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs++;
    return (await runHistory(candidate, mode)).violation?.invariant === invariant;
  };
  let best = history;
  const attempt = async (candidate: History): Promise<boolean> => {
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };

  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.steps.length; ) {
      const keepsTime = { ...best, steps: without(best.steps, start, size, true) };
      const shorter = { ...best, steps: without(best.steps, start, size, false) };
      if (!(await attempt(keepsTime)) && !(await attempt(shorter))) start += size;
    }
  }
  for (const daemonSet of best.daemonSets)
    if (best.daemonSets.length > 1)
      await attempt({ ...best, daemonSets: best.daemonSets.filter((other) => other !== daemonSet) });
  for (const node of best.nodes) await attempt({ ...best, nodes: best.nodes.filter((other) => other !== node) });
  for (const [index, step] of best.steps.entries())
    if (step.afterMs > 0) await attempt({ ...best, steps: best.steps.with(index, { ...step, afterMs: 0 }) });
  return { history: best, runs };
}

function without(steps: readonly Step[], start: number, size: number, keepTime: boolean): readonly Step[] {
  const gone = steps.slice(start, start + size);
  const next = steps[start + size];
  const rest = steps.slice(start + size + 1);
  const skipped = gone.reduce((sum, { afterMs }) => sum + afterMs, 0);
  const kept = next === undefined ? [] : [keepTime ? { ...next, afterMs: next.afterMs + skipped } : next];
  return [...steps.slice(0, start), ...kept, ...rest];
}
