// `everynode plan` against a running cluster: what it foresees is what `kubectl apply` then does.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fluentd, getDaemonSet, getPods, namespace, nodeOf, onePodOnEach, uidOf } from './support/daemonset.ts';
import { type Everynode, everynode, seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';
import { launch, newer, original, phaseIs } from './support/rollout-policy.ts';

interface Planned {
  readonly name: string;
  readonly isNew: boolean;
  readonly revision: { readonly kind: string; readonly hash: string };
  readonly nodes: readonly { readonly node: string; readonly fate: string; readonly wave?: number }[];
}

const seed = readFileSync(seedManifest, 'utf8');

/** The seed with these changes, in a file. */
function edited(...changes: readonly (readonly [was: string, is: string])[]): string {
  const file = join(temporaryDirectory(), 'edited.yaml');
  const text = changes.reduce((sofar, [was, is]) => {
    assert.ok(sofar.includes(was), was);
    return sofar.replace(was, is);
  }, seed);
  writeFileSync(file, text);
  return file;
}

async function plan({ kubeconfigPath }: Everynode, file: string, ...args: readonly string[]): Promise<string> {
  const outcome = await everynode(['plan', '--kubeconfig', kubeconfigPath, '-f', file, ...args]);
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome.stdout;
}

async function planned(cluster: Everynode, file: string): Promise<Planned> {
  const plans = JSON.parse(await plan(cluster, file, '-o', 'json')) as readonly Planned[];
  assert.equal(plans.length, 1);
  return plans[0]!;
}

const fatesOf = ({ nodes }: Planned) => Object.fromEntries(nodes.map(({ node, fate }) => [node, fate]));

/** The UID of each node's pod. */
async function podsByNode({ kubectl }: Everynode): Promise<ReadonlyMap<string, string>> {
  return new Map((await getPods(kubectl)).map((pod) => [nodeOf(pod), uidOf(pod)]));
}

test(
  'who is created, replaced, removed and left is so when it is applied, and nothing is before',
  needsKubectl,
  async (t) => {
    const cluster = await up(t, { nodes: 4 });
    const { kubectl } = cluster;
    const nodes = ['node-1', 'node-2', 'node-3', 'node-4'];
    await kubectl.run(['label', 'node', 'node-1', 'node-2', 'node-3', 'logs=yes']);
    await kubectl.run(['taint', 'node', 'node-3', 'gpu=yes:NoExecute']);
    const first = await planned(cluster, seedManifest);
    assert.equal(first.isNew, true);
    const made = { 'node-1': 'created', 'node-2': 'created', 'node-3': 'unchanged', 'node-4': 'created' };
    assert.deepEqual(fatesOf(first), made);
    assert.match(await kubectl.run(['get', 'daemonsets', '-A']), /^$/);

    await kubectl.run(['apply', '-f', seedManifest]);
    await onePodOnEach(kubectl, ['node-1', 'node-2', 'node-4']);
    const again = await planned(cluster, seedManifest);
    assert.deepEqual([again.isNew, again.revision], [false, { kind: 'same', hash: first.revision.hash }]);
    assert.deepEqual(fatesOf(again), Object.fromEntries(nodes.map((node) => [node, 'unchanged'])));

    const before = await podsByNode(cluster);
    const file = edited(
      [original, newer],
      ['      containers:', '      nodeSelector:\n        logs: "yes"\n      containers:'],
      ['      tolerations:', '      tolerations:\n      - key: gpu\n        operator: Exists'],
    );
    const change = await planned(cluster, file);
    assert.equal(change.revision.kind, 'new');
    const fates = { 'node-1': 'replaced', 'node-2': 'replaced', 'node-3': 'created', 'node-4': 'removed' };
    assert.deepEqual(fatesOf(change), fates);
    const told = await plan(cluster, file);
    assert.match(told, /: a new revision, \w+$/m);
    assert.match(told, /1 node gets a pod \(node-3\)$/m);
    assert.match(told, /1 node loses its pod: the template's nodeSelector wants label logs=yes, .* \(node-4\)$/m);
    assert.match(told, /2 nodes have their pod replaced, at most 1 without one at a time \(node-1, node-2\)$/m);
    assert.deepEqual(await podsByNode(cluster), before);

    await kubectl.run(['apply', '-f', file]);
    const after = await onePodOnEach(kubectl, ['node-1', 'node-2', 'node-3']);
    for (const pod of after) assert.notEqual(uidOf(pod), before.get(nodeOf(pod)));
    for (const pod of after) assert.equal(pod.metadata.labels?.['controller-revision-hash'], change.revision.hash);

    const back = await planned(cluster, seedManifest);
    assert.equal(back.revision.kind, 'back');
    assert.equal(back.revision.hash, first.revision.hash);
  },
);

test('a template that only reads differently restarts nobody', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 2 });
  const { kubectl } = cluster;
  const dropping = (...capabilities: readonly string[]) => {
    const drop = `        securityContext:\n          capabilities:\n            drop: [${capabilities.join(', ')}]\n`;
    return edited(['        volumeMounts:\n', `${drop}        volumeMounts:\n`]);
  };
  await kubectl.run(['apply', '-f', dropping('CHOWN', 'MKNOD')]);
  await onePodOnEach(kubectl, ['node-1', 'node-2']);
  const before = await podsByNode(cluster);
  const turned = dropping('MKNOD', 'CHOWN');
  const told = await plan(cluster, turned);
  assert.match(told, /its revision stays \w+, for the template means what it meant\n {2}2 nodes stay as they are\n$/);
  const { generation = 0 } = (await getDaemonSet(kubectl)).metadata;
  await kubectl.run(['apply', '-f', turned]);
  await onePodOnEach(kubectl, ['node-1', 'node-2']);
  assert.equal((await getDaemonSet(kubectl)).metadata.generation, generation + 1, 'the API server sees a change');
  assert.deepEqual(await podsByNode(cluster), before);
});

test('the waves of a RolloutPolicy are told before, and taken after', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 4 });
  await launch(cluster.kubectl, { waves: [{ name: 'canary', nodes: 1, soakSeconds: 1, approval: 'Manual' }] });
  const file = edited([original, newer]);
  const told = await plan(cluster, file);
  assert.match(told, /^ +canary +1 +0 +soaks for 1s, waits for its approval$/m);
  assert.match(told, /^ +rest +3 +0$/m);
  const first = (await planned(cluster, file)).nodes.filter(({ wave }) => wave === 0).map(({ node }) => node);
  await cluster.kubectl.run(['apply', '-f', file]);
  await phaseIs(cluster.kubectl, 'WaitingForApproval');
  const newPods = (await getPods(cluster.kubectl)).filter(({ spec }) => spec.containers[0]?.image === newer);
  assert.deepEqual(newPods.map(nodeOf), first);
});

test('what the API server refuses, and what is no DaemonSet, is said in one line', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 1 });
  const at = (file: string) => ['plan', '--kubeconfig', cluster.kubeconfigPath, '-f', file];
  const wrong = edited(['cpu: 100m', 'cpu: -1']);
  const none = join(temporaryDirectory(), 'none.yaml');
  writeFileSync(none, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n');
  const rows: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [
      at(wrong),
      new RegExp(
        `^everynode: DaemonSet.apps "${fluentd}" is invalid: spec\\.template\\.spec\\.containers\\[0\\]\\.resources`,
      ),
    ],
    [at(none), /^everynode: .*none\.yaml: no DaemonSet \(apps\/v1\) in it\n$/],
    [at('/nowhere.yaml'), /^everynode: \/nowhere\.yaml: no such file\n$/],
    [['plan'], /^everynode: required option '-f, --filename <file>' not specified\n$/],
  ];
  for (const [args, says] of rows) {
    const { code, stdout, stderr } = await everynode(args);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, says);
  }
  assert.match(await cluster.kubectl.run(['-n', namespace, 'get', 'daemonsets']), /^$/);
});
