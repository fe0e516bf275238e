// A RolloutPolicy as the decisions read it: selectors compiled, defaults filled in, times in ms. What cannot be read is
// said with its field path, and everything is held until it can.
import {
  compileLabelSelector,
  isDnsLabel,
  type IntOrPercent,
  type LabelSelector,
  misfit,
  type PartialFields,
  type RolloutPolicy,
  type RolloutPolicySpec,
  type RolloutWave,
  scaleRoundingDown,
  scaleRoundingUp,
  type Stored,
} from '../../../api/index.ts';
import type { NodeView } from '../views.ts';

export interface PolicyView {
  readonly uid: string;
  readonly generation: number;
  readonly paused: boolean;
  /** One after the other; the last is `rest`, which takes every node. */
  readonly waves: readonly Wave[];
  readonly progressDeadlineMs: number;
  /** How many of so many nodes may be without the revision, and hold nothing up. */
  readonly tolerated: (nodes: number) => number;
  readonly onFailure: 'Hold' | 'Rollback';
  /** `revision/wave` that somebody approved. */
  readonly approved: string | undefined;
  /** The revision whose deadline does not count. */
  readonly retried: string | undefined;
}

export interface Wave {
  readonly name: string;
  readonly takes: (node: NodeView) => boolean;
  /** At most so many of the nodes that it takes. */
  readonly limit: IntOrPercent | undefined;
  readonly soakMs: number;
  readonly manual: boolean;
}

/** Why a policy cannot be read, with the path of the field. */
export interface PolicyProblem {
  readonly problem: string;
}

export const approveAnnotation = 'everynode.dev/approve';
export const retryAnnotation = 'everynode.dev/retry';
/** The wave of all nodes that no other takes. */
export const restWave = 'rest';

const progressDeadlineSecondsDefault = 600;

const requirement: PartialFields = { 1: ['key', 'string'], 2: ['operator', 'string'], 3: ['values', 'strings'] };

/** What is no list or no text where it should be one: a schema that is not ours, or none, lets it exist. */
const shape: PartialFields = {
  1: [
    'spec',
    {
      1: [
        'waves',
        [
          {
            1: ['name', 'string'],
            2: ['nodeSelector', { 1: ['matchLabels', 'labels'], 2: ['matchExpressions', [requirement]] }],
          },
        ],
      ],
    },
  ],
};

export function readPolicy(policy: Stored<RolloutPolicy>): PolicyView | PolicyProblem {
  const { metadata, spec } = policy;
  const problem = misfit(policy, shape) ?? problemOf(spec);
  if (problem !== undefined) return { problem };
  const { progressDeadlineSeconds = progressDeadlineSecondsDefault, onFailure } = spec;
  return {
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    paused: spec.paused === true,
    waves: [...(spec.waves ?? []).map(compileWave), compileWave({ name: restWave })],
    progressDeadlineMs: progressDeadlineSeconds * 1000,
    tolerated: (nodes) => scaleRoundingDown(spec.failureTolerance ?? 0, nodes) ?? 0,
    onFailure: onFailure === 'Rollback' ? 'Rollback' : 'Hold',
    approved: metadata.annotations?.[approveAnnotation],
    retried: metadata.annotations?.[retryAnnotation],
  };
}

function compileWave({ name, nodeSelector, nodes, soakSeconds = 0, approval }: RolloutWave): Wave {
  const matches = nodeSelector === undefined ? undefined : compileLabelSelector(nodeSelector);
  return {
    name,
    takes: ({ labels }) => matches === undefined || matches(labels),
    limit: nodes,
    soakMs: soakSeconds * 1000,
    manual: approval === 'Manual',
  };
}

/** The API server checks the form by the CRD's schema; what a schema cannot say, or one that is not installed, is here. */
function problemOf({
  waves = [],
  progressDeadlineSeconds,
  failureTolerance = 0,
  onFailure,
}: RolloutPolicySpec): string | undefined {
  if (!isSeconds(progressDeadlineSeconds ?? progressDeadlineSecondsDefault))
    return 'spec.progressDeadlineSeconds: must be a number of seconds';
  if (!((scaleRoundingDown(failureTolerance, 100) ?? -1) >= 0))
    return 'spec.failureTolerance: must be a number of nodes or a percentage';
  if (!['Hold', 'Rollback'].includes(onFailure ?? 'Hold')) return 'spec.onFailure: must be Hold or Rollback';
  const names = new Set([restWave]);
  for (const [index, wave] of waves.entries()) {
    const path = `spec.waves[${index}]`;
    const found = waveProblem(wave) ?? (names.has(wave.name) ? `name: '${wave.name}' is taken` : undefined);
    if (found !== undefined) return `${path}.${found}`;
    names.add(wave.name);
  }
  return undefined;
}

function waveProblem({
  name = '',
  nodeSelector,
  nodes,
  soakSeconds = 0,
  approval = 'Automatic',
}: Partial<RolloutWave>) {
  if (!isDnsLabel(name)) return 'name: must be a DNS label';
  const count = nodes === undefined ? 1 : scaleRoundingUp(nodes, 100);
  if (count === undefined || count < 1) return 'nodes: must be a number of nodes or a percentage, and more than none';
  if (!isSeconds(soakSeconds)) return 'soakSeconds: must be a number of seconds';
  if (!['Automatic', 'Manual'].includes(approval)) return 'approval: must be Automatic or Manual';
  return nodeSelector === undefined ? undefined : selectorProblem(nodeSelector);
}

/** The same rules as for every label selector (metav1 validation): In and NotIn have values, the others none. */
function selectorProblem({ matchExpressions = [] }: LabelSelector): string | undefined {
  const index = matchExpressions.findIndex(({ operator, values = [] }) => {
    const wantsValues = operator === 'In' || operator === 'NotIn';
    return wantsValues ? values.length === 0 : !['Exists', 'DoesNotExist'].includes(operator) || values.length > 0;
  });
  return index === -1
    ? undefined
    : `nodeSelector.matchExpressions[${index}]: operator In or NotIn with values, Exists or DoesNotExist without`;
}

function isSeconds(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
