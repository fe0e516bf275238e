// The phase of a pod from its containers (kubelet's getPhase).
import type { PodSpec } from '../../api/index.ts';
import { type ContainerRecord, isInit } from './container-record.ts';
import { isInitialised, restartAt } from './plan.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export function podPhase(spec: PodSpec, records: readonly ContainerRecord[]): PodPhase {
  const init = records.filter(({ kind }) => kind === 'init');
  const main = records.filter(({ kind }) => kind === 'main');
  const begun = main.some(({ attempt }) => attempt.is !== 'absent');
  const failedInit = init.some(
    (record) => record.attempt.is === 'exited' && !isInitialised(record) && restartAt(spec, record) === undefined,
  );
  if (failedInit) return 'Failed';
  if (!begun && records.some((record) => isInit(record) && !isInitialised(record))) return 'Pending';
  // Waiting for a first start; one that waits for a restart counts as stopped.
  if (main.some((record) => !hasRun(record))) return 'Pending';
  if (main.some((record) => record.attempt.is === 'running' || record.attempt.is === 'creating')) return 'Running';
  if (main.some(({ attempt }) => attempt.is === 'pull-failed' || attempt.is === 'refused' || attempt.is === 'absent'))
    return 'Running';
  if (main.some((record) => restartAt(spec, record) !== undefined)) return 'Running';
  return main.every(({ attempt }) => attempt.is === 'exited' && attempt.exit.exitCode === 0) ? 'Succeeded' : 'Failed';
}

function hasRun({ attempt, lastExit }: ContainerRecord): boolean {
  return attempt.is === 'running' || attempt.is === 'exited' || lastExit !== undefined;
}
