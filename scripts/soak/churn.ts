// What a busy cluster goes through: pods deleted, nodes that leave and join, taints and labels that come and go,
// templates edited, whole DaemonSets deleted and applied again, rollout policies paused, resumed, edited and made anew.
// And what has to be true when it ends.
import {
  type DaemonSet,
  type Node,
  type Pod,
  resources,
  type RolloutPolicy,
  StatusError,
  type Stored,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import type { Random } from '../../src/machinery/index.ts';

const namespace = 'soak';
const taint = { key: 'soak', value: 'yes', effect: 'NoExecute' } as const;
const rack = 'soak/rack';

export const nameOf = (index: number): string => `daemon-${index}`;

/** Every third keeps off tainted nodes, every fourth runs on one rack only. */
function daemonSetOf(index: number, version: number): DaemonSet {
  const labels = { app: nameOf(index) };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: nameOf(index), namespace },
    spec: {
      selector: { matchLabels: labels },
      minReadySeconds: index % 2,
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: index % 5 === 0 ? { maxSurge: '10%', maxUnavailable: 0 } : { maxUnavailable: '10%' },
      },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: `soak.example/daemon:${version}` }],
          ...(index % 3 === 0 ? {} : { tolerations: [{ key: taint.key, operator: 'Exists' }] }),
          ...(index % 4 === 0 ? { nodeSelector: { [rack]: 'a' } } : {}),
        },
      },
    },
  };
}

/** Every second DaemonSet has one: a tenth of the nodes, half of the others on one rack, the rest. */
const hasPolicy = (index: number): boolean => index % 2 === 1;

/** Pods are deleted all the time: a tenth of the nodes may lack theirs, or no soak would ever end. */
function policyOf(index: number, soakSeconds: number): RolloutPolicy {
  return {
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: { name: nameOf(index), namespace },
    spec: {
      targetRef: { name: nameOf(index) },
      waves: [
        { name: 'canary', nodes: '10%', soakSeconds },
        { name: 'rack', nodeSelector: { matchLabels: { [rack]: 'a' } }, nodes: '50%', soakSeconds },
      ],
      failureTolerance: '10%',
      onFailure: index % 4 === 1 ? 'Hold' : 'Rollback',
    },
  };
}

export interface Churn {
  /** Namespace, DaemonSets and policies. */
  prepare(): Promise<void>;
  /** The DaemonSets and policies that are not there: whoever was to apply one again may have been cut off in between. */
  apply(): Promise<void>;
  /** One thing happens; returns what, in a word. */
  step(): Promise<string>;
  /** Nothing that a user did holds anything up any more. */
  calm(): Promise<void>;
  /**
   * What is not as it should be: empty when every DaemonSet has one current, ready pod on each of its nodes, and every
   * policy says so.
   */
  wrong(): Promise<readonly string[]>;
}

export function createChurn(client: Client, random: Random, nodes: number, daemonSets: number): Churn {
  let version = 1;
  const below = (count: number) => Math.floor(random.next() * count);
  const anyNode = () => `node-${1 + below(nodes)}`;
  const anyDaemonSet = () => below(daemonSets);
  const policies = Array.from({ length: daemonSets }, (_, index) => index).filter(hasPolicy);
  const anyPolicy = () => policies[below(policies.length)]!;

  const happenings: readonly (readonly [weight: number, name: string, happen: () => Promise<unknown>])[] = [
    [
      40,
      'pod deleted',
      async () => {
        const labelSelector = `app=${nameOf(anyDaemonSet())}`;
        const { items } = await client.list(resources.pods, { namespace, labelSelector, limit: 1 + below(nodes) });
        const victim = items.at(-1);
        if (victim !== undefined) await client.delete(resources.pods, namespace, victim.metadata.name);
      },
    ],
    [10, 'node left', () => client.delete(resources.nodes, undefined, anyNode())],
    [
      20,
      'node joined',
      async () => {
        const there = new Set((await client.list(resources.nodes)).items.map(({ metadata }) => metadata.name));
        const missing = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`).filter((n) => !there.has(n));
        const name = missing[below(missing.length)];
        if (name === undefined) return;
        await client.create(resources.nodes, {
          metadata: { name, labels: { [rack]: 'a' }, annotations: { 'everynode.dev/runtime': 'simulated' } },
        });
      },
    ],
    [8, 'tainted', () => patchNode({ spec: { taints: [taint] } })],
    [8, 'untainted', () => patchNode({ spec: { taints: null } })],
    [10, 'relabelled', () => patchNode({ metadata: { labels: { [rack]: random.next() < 0.7 ? 'a' : 'b' } } })],
    [
      1,
      'template edited',
      async () => {
        const index = anyDaemonSet();
        const { spec } = daemonSetOf(index, ++version);
        await client.patch(resources.daemonSets, namespace, nameOf(index), 'merge', {
          spec: { template: spec.template },
        });
      },
    ],
    [
      0.3,
      'DaemonSet deleted and applied again',
      async () => {
        const index = anyDaemonSet();
        await client.delete(resources.daemonSets, namespace, nameOf(index), { propagationPolicy: 'Background' });
        await client.create(resources.daemonSets, daemonSetOf(index, version));
      },
    ],
    [0.5, 'policy paused', () => patchPolicy(anyPolicy(), { paused: true })],
    [1, 'policy resumed', () => patchPolicy(anyPolicy(), { paused: false })],
    [0.5, 'policy edited', () => patchPolicy(anyPolicy(), { waves: policyOf(0, 1 + below(10)).spec.waves })],
    [
      0.3,
      'policy deleted and made again',
      async () => {
        const index = anyPolicy();
        await client.delete(resources.rolloutPolicies, namespace, nameOf(index));
        await client.create(resources.rolloutPolicies, policyOf(index, 5));
      },
    ],
  ];
  const patchPolicy = (index: number, spec: object) =>
    client.patch(resources.rolloutPolicies, namespace, nameOf(index), 'merge', { spec });
  const patchNode = (patch: object) => client.patch(resources.nodes, undefined, anyNode(), 'merge', patch);
  const apply = async () => {
    const { items } = await client.list(resources.daemonSets, { namespace });
    const there = new Set(items.map(({ metadata }) => metadata.name));
    for (let index = 0; index < daemonSets; index++)
      if (!there.has(nameOf(index))) await client.create(resources.daemonSets, daemonSetOf(index, version));
    const rollouts = await client.list(resources.rolloutPolicies, { namespace });
    const governed = new Set(rollouts.items.map(({ metadata }) => metadata.name));
    for (const index of policies)
      if (!governed.has(nameOf(index))) await client.create(resources.rolloutPolicies, policyOf(index, 5));
  };
  const total = happenings.reduce((sum, [weight]) => sum + weight, 0);

  return {
    async prepare() {
      await client.create(resources.namespaces, { metadata: { name: namespace } });
      for (let node = 1; node <= nodes; node++)
        await client.patch(resources.nodes, undefined, `node-${node}`, 'merge', {
          metadata: { labels: { [rack]: node % 2 === 0 ? 'a' : 'b' } },
        });
      await apply();
    },
    async calm() {
      for (const index of policies) await patchPolicy(index, { paused: false });
    },
    apply,
    async step() {
      let at = random.next() * total;
      const [, name, happen] = happenings.find(([weight]) => (at -= weight) < 0) ?? happenings[0]!;
      try {
        await happen();
        return name;
      } catch (error) {
        // What was to be changed may be gone, or changed by another at the same moment.
        if (error instanceof StatusError && error.code < 500 && error.code !== 422) return `${name}: ${error.reason}`;
        throw error;
      }
    },
    async wrong() {
      const { items: fleet } = await client.list(resources.nodes);
      const { items: sets } = await client.list(resources.daemonSets, { namespace });
      const { items: pods } = await client.list(resources.pods, { namespace });
      const { items: rollouts } = await client.list(resources.rolloutPolicies, { namespace });
      const all = [...sets.flatMap((set) => wrongOf(set, fleet, pods)), ...rollouts.flatMap(unfinished)];
      return sets.length === daemonSets ? all : [...all, `${sets.length} DaemonSets instead of ${daemonSets}`];
    },
  };
}

function unfinished({ metadata, status }: Stored<RolloutPolicy>): readonly string[] {
  const { phase, revision, provenRevision, message } = status ?? {};
  if (phase === 'Complete' && revision === provenRevision) return [];
  return [`policy ${metadata.name}: ${phase}, ${message}`];
}

/** The rules of the manifests above, restated: nothing of the controller's own is asked. */
function wrongOf(
  set: Stored<DaemonSet>,
  fleet: readonly Stored<Node>[],
  pods: readonly Stored<Pod>[],
): readonly string[] {
  const { name, uid } = set.metadata;
  const { tolerations, nodeSelector, containers } = set.spec.template.spec;
  const mayRun = ({ metadata, spec }: Stored<Node>) =>
    (tolerations !== undefined || !(spec?.taints ?? []).some(({ key }) => key === taint.key)) &&
    (nodeSelector === undefined || metadata.labels?.[rack] === nodeSelector[rack]);
  const expected = fleet.filter(mayRun).map(({ metadata }) => metadata.name);
  const found = pods.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);
  const good = found.filter(
    ({ metadata, spec, status }) =>
      metadata.deletionTimestamp === undefined &&
      spec.containers[0]?.image === containers[0]?.image &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
  );
  const wrong: string[] = [];
  const where = good.map(({ spec }) => spec.nodeName ?? '?').toSorted();
  if (found.length !== good.length) wrong.push(`${name}: ${found.length - good.length} pods are not right`);
  if (where.join() !== expected.toSorted().join())
    wrong.push(`${name}: pods on ${where.length}, not ${expected.length}`);
  const { desiredNumberScheduled, numberReady, updatedNumberScheduled } = set.status ?? {};
  for (const count of [desiredNumberScheduled, numberReady, updatedNumberScheduled ?? 0])
    if (count !== expected.length) wrong.push(`${name}: the status counts ${count}, not ${expected.length}`);
  return wrong;
}
