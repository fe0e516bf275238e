// `everynode explain` against a running cluster: what is the matter with each node, and what it says when it cannot look.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startController, withoutDaemonSets } from './support/controller.ts';
import { fluentd, namespace, onePodOnEach } from './support/daemonset.ts';
import { type Everynode, everynode, seedManifest, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';
import { launch, newer, phaseIs, setImage, setTemplate } from './support/rollout-policy.ts';

interface Report {
  readonly counts: Readonly<Record<string, number>>;
  readonly nodes: readonly {
    readonly node: string;
    readonly state: string;
    readonly reason: { readonly kind: string };
  }[];
}

/** `node: state: reason` in JSON, and the text with the lines of the table as `count state nodes why`. */
function explained({ kubeconfigPath }: Everynode) {
  const run = async (...args: readonly string[]) => {
    const outcome = await everynode(['explain', '--kubeconfig', kubeconfigPath, '-n', namespace, fluentd, ...args]);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal(outcome.stderr, '');
    return outcome.stdout;
  };
  return {
    text: run,
    reasons: async (): Promise<readonly string[]> => {
      const { nodes } = JSON.parse(await run('-o', 'json')) as Report;
      return nodes.map(({ node, state, reason }) => `${node}: ${state}: ${reason.kind}`);
    },
  };
}

async function launched(t: TestContext, nodes: readonly string[]): Promise<Everynode> {
  const cluster = await up(t, { nodes: nodes.length });
  await cluster.kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(cluster.kubectl, nodes);
  return cluster;
}

test('each node says why it has its pod, has none, waits, or fails', needsKubectl, async (t) => {
  const cluster = await launched(t, ['node-1', 'node-2', 'node-3', 'node-4']);
  const { kubectl } = cluster;
  const { text, reasons } = explained(cluster);
  const all = /^current\s+4\s+node-1, node-2, node-3 and 1 more\s+the right pod is there and available$/m;
  assert.match(await text(), all);

  await kubectl.run(['taint', 'node', 'node-1', 'gpu=yes:NoExecute']);
  await kubectl.run(['taint', 'node', 'node-2', 'db=yes:NoSchedule']);
  await eventually('the taints count', async () =>
    assert.deepEqual(await reasons(), [
      'node-1: idle: not-here',
      'node-2: misscheduled: not-here',
      'node-3: current: right',
      'node-4: current: right',
    ]),
  );
  const told = await text();
  assert.match(told, /node-1\s+the node has the taint gpu=yes:NoExecute, which the template does not tolerate$/m);
  assert.match(told, /node-2\s+the node has the taint db=yes:NoSchedule, .*; the pod that is there may stay$/m);
  assert.match(told, /^ {2}2 of 4 nodes should have a pod; of the newest revision: 2, available: 2$/m);

  await setTemplate(kubectl, newer, 'ImagePullBackOff');
  const said = await eventually('one fails, one waits for it', async () => {
    const now = await text();
    assert.match(now, /the pod is not ready: container fluentd-elasticsearch: ImagePullBackOff$/m);
    assert.match(now, /waits for its turn: maxUnavailable is 1$/m);
    return now;
  });
  const failing = /^starting\s+1\s+(node-[34])/m.exec(said)?.[1] ?? '';
  assert.match(said, new RegExp(`at most 1 in flux at a time, now 1, ${failing}$`, 'm'));
  const one = await text('--node', failing);
  assert.match(one, new RegExp(`^node ${failing}: starting$`, 'm'));
  assert.match(one, /revision \w+ \(newest\), Pending, not ready; container .*: ImagePullBackOff: Back-off pulling/);
});

test('held nodes are told apart by their wave', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 4 });
  await launch(cluster.kubectl, { waves: [{ name: 'canary', nodes: 1, approval: 'Manual' }] });
  await setImage(cluster.kubectl, newer);
  await phaseIs(cluster.kubectl, 'WaitingForApproval');
  const { text } = explained(cluster);
  const told = await text();
  assert.match(told, /RolloutPolicy fluentd-elasticsearch: WaitingForApproval: wave canary is done and waits/);
  assert.match(told, /^current\s+3 .*held by the RolloutPolicy: keeps the proven revision$/m);
  assert.match(told, /^current\s+1 .*the right pod is there and available$/m);
  const held = /^current\s+3\s+(node-\d)/m.exec(told)?.[1] ?? '';
  const one = await text('--node', held);
  assert.match(one, /^ {2}wave: rest, not open yet$/m);
  assert.match(one, /revision \w+ \(proven\), Running, ready$/m);
});

test('it says what would be done where no controller does it', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 2, args: withoutDaemonSets });
  await cluster.kubectl.run(['apply', '-f', seedManifest]);
  const { text } = explained(cluster);
  const told = await text();
  assert.match(told, /^DaemonSet .* revision \w+ \(still to be written\)$/m);
  assert.match(told, /^absent\s+2\s+node-1, node-2\s+has no pod: one is created$/m);
  // And so it comes.
  startController(t, cluster.kubeconfigPath);
  await onePodOnEach(cluster.kubectl, ['node-1', 'node-2']);
  const settled = await text();
  assert.match(settled, /^current\s+2 /m);
  const revision = /revision (\w+)/;
  assert.equal(revision.exec(settled)?.[1], revision.exec(told)?.[1]);
});

test('what is not there is said in one line, with exit code 2', needsKubectl, async (t) => {
  const cluster = await launched(t, ['node-1']);
  const at = ['explain', '--kubeconfig', cluster.kubeconfigPath];
  const rows: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[...at, fluentd], /^everynode: there is no DaemonSet default\/fluentd-elasticsearch\n$/],
    [[...at, '-n', namespace, fluentd, '--node', 'nobody'], /^everynode: there is no node nobody\n$/],
    [at, /^everynode: missing required argument 'name'\n$/],
    [['explain', '--kubeconfig', '/nowhere', fluentd], /^everynode: \/nowhere cannot be used: .*\n$/],
  ];
  for (const [args, says] of rows) {
    const { code, stdout, stderr } = await everynode(args);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, says);
  }
});
