// When a probe's answers count: thresholds, and what a container is before its first answer (kubelet's prober/worker.go).
// Pure: who asks, and when, is the agent's.
import type { Probe } from '../../api/index.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';
export type ProbeAnswer = 'success' | 'failure';

export interface ProbeState {
  /** What the probe has established; undefined = nothing yet. */
  readonly result: ProbeAnswer | undefined;
  /** The last answer, and how often it came in a row. */
  readonly last: ProbeAnswer | undefined;
  readonly inARow: number;
}

export const freshProbe: ProbeState = { result: undefined, last: undefined, inARow: 0 };

/** The state after one more answer. */
export function afterAnswer(state: ProbeState, probe: Probe, answer: ProbeAnswer): ProbeState {
  const inARow = state.last === answer ? state.inARow + 1 : 1;
  const threshold = answer === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { result: inARow >= threshold ? answer : state.result, last: answer, inARow };
}

export interface ProbeTiming {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
}

export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
  };
}
