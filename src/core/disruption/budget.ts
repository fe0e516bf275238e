// What the status of a PodDisruptionBudget says: how many of its pods are healthy, how many must be, and hence how many
// may go now (pkg/controller/disruption trySync). Whether one pod may go is the API server's to say, from this status.
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/
import { type KubernetesObject, type LabelSelector, parseTime, type Resource } from '../../api/index.ts';

/** spec: one of the two, a number or `"30%"`. */
export interface Budget {
  readonly minAvailable?: number | string;
  readonly maxUnavailable?: number | string;
}

export type DisruptionBudget = KubernetesObject & {
  readonly spec?: Budget & { readonly selector?: LabelSelector };
  readonly status?: Partial<BudgetStatus> & { readonly observedGeneration?: number; readonly conditions?: unknown };
};

export const disruptionBudgets: Resource<DisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  name: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

/** A pod that the budget's selector selects. */
export interface BudgetPod {
  readonly name: string;
  /** Ready, and not on its way out. */
  readonly healthy: boolean;
  readonly terminating: boolean;
  /** UID of its controller. */
  readonly controller: string | undefined;
}

export interface BudgetStatus {
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  /** Pods whose eviction was granted and has not shown yet, by name; when it was granted (RFC 3339). */
  readonly disruptedPods?: Readonly<Record<string, string>>;
}

/** An eviction that was granted this long ago and has not shown was called off (DeletionTimeout). */
export const disruptedPodMsMax = 2 * 60_000;

export interface BudgetQuestion {
  readonly budget: Budget;
  readonly pods: readonly BudgetPod[];
  /** How many pods a controller wants, by its UID; undefined: not known, and then nothing is allowed. */
  readonly scaleOf: (controller: string) => number | undefined;
  readonly disruptedPods: Readonly<Record<string, string>>;
  readonly now: number;
}

export function budgetStatus(question: BudgetQuestion): BudgetStatus {
  const { pods } = question;
  const disrupted = stillDisrupted(question);
  const currentHealthy = pods.filter(({ healthy, name }) => healthy && !Object.hasOwn(disrupted, name)).length;
  const wanted = expectation(question);
  const status = { currentHealthy, ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }) };
  if (wanted === undefined) return { ...status, disruptionsAllowed: 0, desiredHealthy: 0, expectedPods: 0 };
  const allowed = wanted.expected <= 0 ? 0 : Math.max(0, currentHealthy - wanted.healthy);
  return { ...status, disruptionsAllowed: allowed, desiredHealthy: wanted.healthy, expectedPods: wanted.expected };
}

/** Those that were granted lately and that no watch has shown to be leaving. */
function stillDisrupted({ pods, disruptedPods, now }: BudgetQuestion): Readonly<Record<string, string>> {
  const present = new Map(pods.map((pod) => [pod.name, pod]));
  return Object.fromEntries(
    Object.entries(disruptedPods).filter(
      ([name, since]) => present.get(name)?.terminating === false && (parseTime(since) ?? 0) + disruptedPodMsMax > now,
    ),
  );
}

interface Expectation {
  readonly expected: number;
  readonly healthy: number;
}

function expectation(question: BudgetQuestion): Expectation | undefined {
  const { minAvailable, maxUnavailable } = question.budget;
  if (maxUnavailable !== undefined) {
    const expected = expectedByControllers(question);
    if (expected === undefined) return undefined;
    return { expected, healthy: Math.max(0, expected - scaled(maxUnavailable, expected)) };
  }
  if (typeof minAvailable === 'string') {
    const expected = expectedByControllers(question);
    return expected === undefined ? undefined : { expected, healthy: scaled(minAvailable, expected) };
  }
  return { expected: question.pods.length, healthy: minAvailable ?? 0 };
}

/** Undefined when a pod has no controller, or one whose wishes are not known (CalculateExpectedPodCountFailed). */
function expectedByControllers({ pods, scaleOf }: BudgetQuestion): number | undefined {
  const controllers = new Set(pods.map(({ controller }) => controller));
  let expected = 0;
  for (const controller of controllers) {
    const scale = controller === undefined ? undefined : scaleOf(controller);
    if (scale === undefined) return undefined;
    expected += scale;
  }
  return expected;
}

/** Percentages round up, on both sides (GetScaledValueFromIntOrPercent). */
function scaled(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number(value.replace(/%$/, '')) * total) / 100);
}
