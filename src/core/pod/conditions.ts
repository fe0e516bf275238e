// The conditions that a node agent reports for a pod (kubelet's status/generate.go).
import { type Condition, findCondition } from '../../api/index.ts';
import { type ContainerRecord, isInit } from './container-record.ts';
import type { PodPhase } from './phase.ts';
import { isInitialised } from './plan.ts';

export interface ConditionFacts {
  readonly records: readonly ContainerRecord[];
  readonly phase: PodPhase;
  /** The pod's sandbox and network are there. */
  readonly sandboxReady: boolean;
  /** Types of conditions that others set, and that must be True for the pod to be Ready. */
  readonly gates: readonly string[];
  /** As they stand. */
  readonly standing: readonly Condition[] | undefined;
}

/** In the order that kubectl describe shows; without times, which withCondition adds. */
export function podConditions(facts: ConditionFacts): readonly Condition[] {
  const readiness = containersReady(facts);
  return [
    { type: 'PodReadyToStartContainers', status: facts.sandboxReady ? 'True' : 'False' },
    initialised(facts),
    { type: 'Ready', ...(readiness.status === 'True' ? gatesOpen(facts) : readiness) },
    { type: 'ContainersReady', ...readiness },
  ];
}

function initialised({ records, phase }: ConditionFacts): Condition {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  const begun = records.some(({ kind, attempt }) => kind === 'main' && attempt.is !== 'absent');
  const incomplete = begun ? [] : records.filter((record) => isInit(record) && !isInitialised(record));
  if (incomplete.length === 0) return { type, status: 'True' };
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${names(incomplete)}]`,
  };
}

function containersReady({ records, phase }: ConditionFacts): Omit<Condition, 'type'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = records.filter(
    ({ kind, attempt }) => (kind === 'main' || kind === 'sidecar') && !(attempt.is === 'running' && attempt.ready),
  );
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names(unready)}]`,
  };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate */
function gatesOpen({ gates, standing }: ConditionFacts): Omit<Condition, 'type'> {
  const closed = gates.flatMap((gate) => {
    const status = findCondition(standing, gate)?.status;
    if (status === 'True') return [];
    if (status === undefined) return [`corresponding condition of pod readiness gate "${gate}" does not exist.`];
    return [`the status of pod readiness gate "${gate}" is not "True", but ${status}`];
  });
  if (closed.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

function names(records: readonly ContainerRecord[]): string {
  return records.map(({ name }) => name).join(' ');
}
