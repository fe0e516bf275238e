// A cluster changes hands: from another DaemonSet controller to this one, and back. Whoever takes over must find nothing
// to do: no pod is restarted, and no revision made, renamed or rewritten. A generation that moves without the template
// makes each of them look at every DaemonSet and compare its revisions again.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ControllerRevision, DaemonSet, KubernetesList, Pod, Stored } from '../../src/api/index.ts';
import { quickLease, startController } from '../e2e/support/controller.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { needsKubectl } from '../e2e/support/kubectl.ts';
import { type Cluster, openCluster } from './support/cluster.ts';
import { templateNames, trickyManifests } from './support/templates.ts';
import { imageOf, image, newerImage, nodeOf } from './support/workload.ts';

const noOther = { skip: 'no other controller is given (EVERYNODE_CLUSTER_OTHER_START and …_STOP)' };
const withinMs = 180_000;

test('a cluster that has two controllers, one after the other', needsKubectl, async (t) => {
  const cluster = await openCluster(t);
  const { other } = cluster;
  await t.test('takeover from another controller, and back', other === undefined ? noOther : {}, (context) =>
    changeHands(context, cluster, other!),
  );
});

async function changeHands(
  context: TestContext,
  cluster: Cluster,
  { start, stop }: NonNullable<Cluster['other']>,
): Promise<void> {
  const { kubectl, namespace, kubeconfigPath } = cluster;
  context.after(stop);
  const nodes = await cluster.nodes();
  const patch = (name: string, change: object) =>
    kubectl.run(['-n', namespace, 'patch', 'daemonset', name, '--type=strategic', '-p', JSON.stringify(change)]);
  const every = (change: object) => Promise.all(templateNames.map((name) => patch(name, change)));
  const toImage = (to: string) =>
    every({ spec: { template: { spec: { containers: [{ name: 'main', image: to }] } } } });
  const rollout = (name: string, ...args: readonly string[]) =>
    kubectl.run(['-n', namespace, 'rollout', args[0]!, `daemonset/${name}`, ...args.slice(1)]);

  const pods = async () => {
    const { items } = await kubectl.get<KubernetesList<Stored<Pod>>>('-n', namespace, 'pods');
    return items.filter(({ metadata }) => metadata.labels?.['tricky'] !== undefined);
  };
  const podsNow = async () => (await pods()).map(({ metadata }) => `${metadata.name} ${metadata.uid}`).toSorted();
  /** With the version of each: it moves with every write. */
  const revisionsNow = async () => {
    const list = await kubectl.get<KubernetesList<Stored<ControllerRevision>>>('-n', namespace, 'controllerrevisions');
    return list.items
      .map(({ metadata, revision }) => `${metadata.name} ${revision} at ${metadata.resourceVersion}`)
      .toSorted();
  };
  /** Every DaemonSet has been looked at, and has one ready pod of this image on each node. */
  const settled = (expected: string) =>
    eventually(
      'every template is everywhere',
      async () => {
        const { items } = await kubectl.get<KubernetesList<Stored<DaemonSet>>>('-n', namespace, 'daemonsets');
        assert.deepEqual(
          items.map(({ metadata }) => metadata.name),
          templateNames.toSorted(),
        );
        const there = await pods();
        for (const { metadata, status } of items) {
          const own = there.filter((pod) => pod.metadata.labels?.['tricky'] === metadata.name);
          assert.deepEqual(own.map(nodeOf).toSorted(), nodes, metadata.name);
          for (const pod of own) assert.equal(imageOf(pod), expected, metadata.name);
          assert.equal(status?.observedGeneration, metadata.generation, metadata.name);
          assert.equal(status?.updatedNumberScheduled, nodes.length, metadata.name);
          assert.equal(status?.numberAvailable, nodes.length, metadata.name);
        }
      },
      withinMs,
    );
  /** A new generation of the same template: nothing is to come of it. */
  const lookedAtAgain = async (expected: string, minReadySeconds: number) => {
    const before = { pods: await podsNow(), revisions: await revisionsNow() };
    await every({ spec: { minReadySeconds } });
    await settled(expected);
    assert.deepEqual(await podsNow(), before.pods, 'no pod is restarted');
    assert.deepEqual(await revisionsNow(), before.revisions, 'no revision is touched');
  };

  // What it finds was made, rolled and undone by the other one.
  await start();
  await kubectl.run(['apply', '--validate=false', '-f', '-'], trickyManifests(cluster));
  await settled(image);
  await toImage(newerImage);
  await settled(newerImage);
  await rollout('plain', 'undo');
  await eventually('it is undone', async () => {
    assert.ok((await pods()).every((pod) => pod.metadata.labels?.['tricky'] !== 'plain' || imageOf(pod) === image));
  });
  await patch('plain', { spec: { template: { spec: { containers: [{ name: 'main', image: newerImage }] } } } });
  await settled(newerImage);

  // It ends with the answer of the other one, however slow that is.
  const early = startController(context, kubeconfigPath, [...quickLease, '--preflight-wait', '60s']);
  assert.equal((await early.ended).code, 2, 'two at once are refused');

  const found = { pods: await podsNow(), revisions: await revisionsNow() };
  await stop();
  const controller = startController(context, kubeconfigPath, [...quickLease, '--preflight-wait', '5s']);
  await controller.says('the lists are complete');
  await lookedAtAgain(newerImage, 1);
  assert.deepEqual({ pods: await podsNow(), revisions: await revisionsNow() }, found);

  // It goes back to a revision of the other's and makes some of its own, and the other one finds nothing to do.
  await toImage(image);
  await settled(image);
  assert.equal((await revisionsNow()).length, found.revisions.length, 'the old revisions are taken up again');
  await every({ spec: { template: { metadata: { annotations: { 'example.com/made-by': '<everynode> & co' } } } } });
  await settled(image);
  assert.equal((await revisionsNow()).length, found.revisions.length + templateNames.length);
  await controller.stop();
  await start();
  await lookedAtAgain(image, 0);

  // It knows the revisions that were made while it was away.
  await toImage(newerImage);
  await settled(newerImage);
  const made = (await revisionsNow()).length;
  await Promise.all(templateNames.map((name) => rollout(name, 'undo')));
  await settled(image);
  assert.equal((await revisionsNow()).length, made, 'an undo to a revision of ours makes no other');
}
