// Rollouts under a RolloutPolicy, with the whole controller against a fake API server in virtual time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findCondition,
  type Pod,
  type RolloutPolicySpec,
  type RolloutPolicyStatus,
  resources,
  StatusError,
} from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { createWorld, fluentd, imagesByNode, setImage, type World } from './world.test-support.ts';

const namespace = 'kube-system';
const waves = [{ name: 'canary', nodeSelector: { matchLabels: { pool: 'canary' } }, soakSeconds: 60 }];

/** node-0 is the canary; the first revision is proven. */
async function worldWith(
  spec: Partial<RolloutPolicySpec> = {},
  nodes = 4,
  seenBy: (client: Client) => Client = (client) => client,
): Promise<World> {
  const world = createWorld(0);
  for (let index = 0; index < nodes; index++) world.addNode(`node-${index}`, index === 0 ? { pool: 'canary' } : {});
  world.apply(fluentd());
  addPolicy(world, spec);
  await world.start({ client: seenBy(world.client) });
  await world.converge();
  return world;
}

/** A client whose watch of policies delivers nothing while it is late. */
function withLateWatch(client: Client, isLate: { readonly now: boolean }): Client {
  return {
    ...client,
    async *watch(resource, options) {
      for await (const event of client.watch(resource, options))
        if (resource.name !== 'rolloutpolicies' || !isLate.now) yield event;
    },
  };
}

function addPolicy(world: World, spec: Partial<RolloutPolicySpec> = {}, name = 'fluentd'): void {
  world.client.add(resources.rolloutPolicies, {
    metadata: { name, namespace, generation: 1 },
    spec: { targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'fluentd' }, waves, ...spec },
  });
}

function status(world: World, name = 'fluentd'): RolloutPolicyStatus {
  const found = world.client.all(resources.rolloutPolicies).find(({ metadata }) => metadata.name === name);
  return found?.status ?? {};
}

async function editPolicy(world: World, change: object): Promise<void> {
  await world.client.patch(resources.rolloutPolicies, namespace, 'fluentd', 'merge', change);
  await world.clock.advance(1000);
}

/** Agents and controller in turn for so long, time passing. */
async function pass(world: World, seconds: number, options?: Parameters<World['agents']>[0]): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.agents(options);
    await world.clock.advance(1000);
  }
}

const nodeOf = ({ spec }: Pod) => spec.nodeName ?? '';
const images = (world: World) => Object.values(imagesByNode(world.live())).toSorted().join(' ');
const brokenIsNotReady = {
  ready: (pod: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } }) =>
    pod.spec.containers[0]?.image !== 'broken',
};

describe('a rollout under a policy', () => {
  it('proves its first revision on all nodes at once, then goes wave by wave', async () => {
    await using world = await worldWith();
    assert.equal(status(world).phase, 'Complete');
    const first = status(world).revision;
    assert.equal(status(world).provenRevision, first);

    await setImage(world, 'two');
    await pass(world, 30);
    assert.equal(imagesByNode(world.live())['node-0'], 'two');
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 two');
    assert.equal(status(world).phase, 'Soaking');
    assert.equal(status(world).provenRevision, first);
    const { phase, stalledSeconds } = world.inspect().daemonSets[0]!;
    assert.deepEqual({ phase, stalledSeconds }, { phase: 'Soaking', stalledSeconds: 0 });
    assert.deepEqual(
      status(world).waves?.map(({ name, nodes, updated }) => [name, nodes, updated]),
      [
        ['canary', 1, 1],
        ['rest', 3, 0],
      ],
    );
    const said = world.client.all(resources.events).map(({ reason }) => reason);
    assert.ok(said.includes('RolloutProven') && said.includes('WaveOpened'), said.join());
    const progressing = findCondition(world.daemonSet().status?.conditions, 'Progressing');
    assert.deepEqual([progressing?.status, progressing?.reason], ['True', 'Soaking']);

    await pass(world, 60);
    assert.equal(images(world), 'two two two two');
    assert.equal(status(world).phase, 'Complete');
    assert.equal(status(world).provenRevision, status(world).revision);
    assert.notEqual(status(world).revision, first);
  });

  it('makes replacements and newcomers beyond the open wave of the proven revision, of all of its template', async () => {
    await using world = await worldWith();
    const first = status(world).revision;
    await world.client.patch(resources.daemonSets, namespace, 'fluentd', 'merge', {
      spec: {
        template: { spec: { nodeSelector: { fast: 'yes' }, containers: [{ name: 'fluentd', image: 'two' }] } },
      },
    });
    await pass(world, 10);
    const held = world.live().find(({ spec }) => spec.nodeName === 'node-2')!;
    await world.client.delete(resources.pods, namespace, held.metadata.name, {});
    world.addNode('node-9');
    await pass(world, 10);
    // The newest template runs on no node at all; the proven one does on all that are held.
    const pods = world.live().filter(({ spec }) => spec.nodeName !== 'node-0');
    assert.deepEqual(pods.map(nodeOf).toSorted(), ['node-1', 'node-2', 'node-3', 'node-9']);
    for (const pod of pods) {
      assert.equal(pod.metadata.labels?.['controller-revision-hash'], first);
      assert.equal(pod.spec.containers[0]?.image, 'fluentd:1');
      assert.equal(pod.spec.nodeSelector, undefined);
    }
  });

  it('does nothing while it is paused but to keep every node served with the proven revision', async () => {
    await using world = await worldWith();
    await editPolicy(world, { spec: { paused: true } });
    await setImage(world, 'two');
    await pass(world, 30);
    assert.equal(status(world).phase, 'Paused');
    const canary = world.live().find(({ spec }) => spec.nodeName === 'node-0')!;
    await world.client.delete(resources.pods, namespace, canary.metadata.name, {});
    await pass(world, 10);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');

    await editPolicy(world, { spec: { paused: false } });
    await pass(world, 100);
    assert.equal(images(world), 'two two two two');
  });

  it('does not overtake a pause that it has not seen: the write that begins the rollout fails', async () => {
    const isLate = { now: false };
    await using world = await worldWith({}, 4, (client) => withLateWatch(client, isLate));
    isLate.now = true;
    await editPolicy(world, { spec: { paused: true } });
    await setImage(world, 'two');
    await pass(world, 20);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');
    assert.equal(status(world).phase, 'Paused');
  });

  it('makes and removes nothing for a rollout whose beginning could not be written', async () => {
    await using world = await worldWith();
    world.client.failNext('update', 'rolloutpolicies/status', new StatusError('InternalError', 'no'), 5);
    await setImage(world, 'two');
    await pass(world, 3);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');
    await pass(world, 120);
    assert.equal(images(world), 'two two two two');
  });

  it('holds a revision that does not come forward, and goes on when somebody says so', async () => {
    await using world = await worldWith({ progressDeadlineSeconds: 120 });
    await setImage(world, 'broken');
    await pass(world, 100, brokenIsNotReady);
    assert.equal(status(world).phase, 'RollingOut');
    await pass(world, 40, brokenIsNotReady);
    assert.equal(status(world).phase, 'Held');
    assert.ok(world.inspect().daemonSets[0]!.stalledSeconds > 100, 'an alert has something to go by');
    assert.equal(images(world), 'broken fluentd:1 fluentd:1 fluentd:1');
    assert.equal(findCondition(world.daemonSet().status?.conditions, 'Progressing')?.status, 'False');

    const hash = status(world).revision!;
    await editPolicy(world, { metadata: { annotations: { 'everynode.dev/retry': hash } } });
    await pass(world, 5, brokenIsNotReady);
    assert.equal(status(world).phase, 'RollingOut');
    await pass(world, 200, brokenIsNotReady);
    assert.equal(status(world).phase, 'RollingOut');
    await pass(world, 100);
    assert.equal(status(world).phase, 'Complete');
    assert.equal(images(world), 'broken broken broken broken');
  });

  it('rolls a bad revision back, on every node that has it, and stays there until another template comes', async () => {
    await using world = await worldWith({ progressDeadlineSeconds: 60, onFailure: 'Rollback' });
    await setImage(world, 'broken');
    await pass(world, 100, brokenIsNotReady);
    assert.equal(status(world).phase, 'RolledBack');
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');
    await pass(world, 300, brokenIsNotReady);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');

    await setImage(world, 'three');
    await pass(world, 120, brokenIsNotReady);
    assert.equal(images(world), 'three three three three');
    assert.equal(status(world).phase, 'Complete');
  });

  it('goes back to the proven revision at once, and without waves, when its user does', async () => {
    await using world = await worldWith();
    await setImage(world, 'two');
    await pass(world, 20);
    await setImage(world, 'fluentd:1');
    await pass(world, 20);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');
    assert.equal(status(world).phase, 'Complete');
  });

  it('waits for an approval of this revision and this wave', async () => {
    await using world = await worldWith({ waves: [{ ...waves[0]!, soakSeconds: 0, approval: 'Manual' }] });
    await setImage(world, 'two');
    await pass(world, 30);
    assert.equal(status(world).phase, 'WaitingForApproval');
    const hash = status(world).revision!;
    const approve = (what: string) =>
      editPolicy(world, { metadata: { annotations: { 'everynode.dev/approve': what } } });
    for (const wrong of [hash, 'canary', `${hash}/rest`, `other/canary`]) {
      await approve(wrong);
      await pass(world, 5);
      assert.equal(status(world).phase, 'WaitingForApproval', wrong);
    }
    await approve(`${hash}/canary`);
    await pass(world, 30);
    assert.equal(images(world), 'two two two two');
  });

  it('takes so many nodes as a wave says, the same for the whole rollout', async () => {
    await using world = await worldWith({ waves: [{ name: 'few', nodes: '25%', soakSeconds: 600 }] }, 8);
    await setImage(world, 'two');
    await pass(world, 30);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1 fluentd:1 fluentd:1 two two');
    const chosen = world.live().filter(({ spec }) => spec.containers[0]?.image === 'two');
    for (const { metadata } of chosen) await world.client.delete(resources.pods, namespace, metadata.name, {});
    await pass(world, 10);
    const again = world.live().filter(({ spec }) => spec.containers[0]?.image === 'two');
    assert.deepEqual(again.map(nodeOf).toSorted(), chosen.map(nodeOf).toSorted());
  });

  it('goes on where the last controller stopped', async () => {
    await using world = createWorld(0);
    for (const [name, pool] of [
      ['a', 'canary'],
      ['b', 'other'],
      ['c', 'other'],
    ] as const)
      world.addNode(name, { pool });
    world.apply(fluentd());
    addPolicy(world);
    const stop = await world.start();
    await world.converge();
    await setImage(world, 'two');
    await pass(world, 20);
    const before = status(world);
    assert.equal(before.phase, 'Soaking');
    await stop();
    world.client.remove(
      resources.pods,
      namespace,
      world.live().find(({ spec }) => spec.nodeName === 'b')!.metadata.name,
    );
    await world.start();
    await pass(world, 3);
    assert.equal(status(world).soakingSince, before.soakingSince);
    assert.equal(images(world), 'fluentd:1 fluentd:1 two');
    await pass(world, 60);
    assert.equal(images(world), 'two two two');
  });

  it('has a policy that comes in its midst hold the rest, the older revision being the proven one', async () => {
    await using world = createWorld(4);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    await setImage(world, 'two');
    await pass(world, 3);
    addPolicy(world, { paused: true, waves: [] });
    await pass(world, 60);
    assert.match(images(world), /^fluentd:1 .*two$/);
    assert.equal(status(world).phase, 'Paused');
    const [older] = world.live().filter(({ spec }) => spec.containers[0]?.image === 'fluentd:1');
    assert.equal(status(world).provenRevision, older?.metadata.labels?.['controller-revision-hash']);
  });

  it('does not take for proven what serves nowhere, when a policy comes in its midst', async () => {
    await using world = createWorld(4);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    await setImage(world, 'broken');
    await pass(world, 10, brokenIsNotReady);
    assert.match(images(world), /^broken /);
    await world.client.patch(resources.daemonSets, namespace, 'fluentd', 'merge', {
      spec: { template: { spec: { containers: [{ name: 'fluentd', image: 'three' }] } } },
    });
    addPolicy(world, { paused: true });
    await pass(world, 10, brokenIsNotReady);
    const serving = world.live().find(({ spec }) => spec.containers[0]?.image === 'fluentd:1');
    assert.equal(status(world).provenRevision, serving?.metadata.labels?.['controller-revision-hash']);
    assert.doesNotMatch(status(world).message ?? '', /exist/);
  });

  it('is held by a policy that cannot be read, and says which field', async () => {
    await using world = await worldWith();
    await editPolicy(world, { spec: { waves: [{ name: 'a' }, { name: 'a' }] } });
    await setImage(world, 'two');
    await pass(world, 30);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1 fluentd:1');
    assert.equal(status(world).phase, 'Invalid');
    assert.equal(status(world).message, "spec.waves[1].name: 'a' is taken");
    assert.equal(findCondition(status(world).conditions, 'Accepted')?.reason, 'Invalid');
    await editPolicy(world, { spec: { waves: [] } });
    await pass(world, 30);
    assert.equal(images(world), 'two two two two');
  });

  it('has a policy that cannot be read from its beginning hold what there is, and miss no pod', async () => {
    await using world = createWorld(3);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    addPolicy(world, { onFailure: 'Panic' });
    await setImage(world, 'two');
    world.client.remove(resources.pods, namespace, world.live()[0]!.metadata.name);
    await pass(world, 10);
    assert.equal(images(world), 'fluentd:1 fluentd:1 fluentd:1');
    assert.equal(status(world).phase, 'Invalid');
  });

  it('is not made anew when it went while its status was being written', async () => {
    let answer: (() => void) | undefined;
    const lateAnswers = (client: Client): Client => ({
      ...client,
      async get(resource, ...rest) {
        const found = await client.get(resource, ...rest);
        if (resource.name === 'rolloutpolicies') await new Promise<void>((resolve) => (answer = resolve));
        return found;
      },
    });
    await using world = await worldWith({}, 4, lateAnswers);
    await setImage(world, 'two');
    world.client.failNext('update', 'rolloutpolicies/status', new StatusError('Conflict', 'changed'));
    await pass(world, 2);
    assert.ok(answer !== undefined, 'the controller asks for the policy');
    world.client.remove(resources.rolloutPolicies, namespace, 'fluentd');
    await pass(world, 2);
    answer();
    await pass(world, 60);
    assert.equal(images(world), 'two two two two');
  });

  it('goes by the oldest of several policies; the others say so', async () => {
    await using world = await worldWith();
    addPolicy(world, { paused: true }, 'second');
    await setImage(world, 'two');
    await pass(world, 100);
    assert.equal(images(world), 'two two two two');
    assert.equal(findCondition(status(world, 'second').conditions, 'Accepted')?.reason, 'Conflict');
    world.client.remove(resources.rolloutPolicies, namespace, 'fluentd');
    await setImage(world, 'three');
    await pass(world, 30);
    assert.equal(images(world), 'two two two two');
    assert.equal(status(world, 'second').phase, 'Paused');
  });

  it('makes nothing on held nodes when somebody has removed the proven revision, and leaves what is there', async () => {
    await using world = await worldWith({ waves: [{ ...waves[0]!, soakSeconds: 1000 }] });
    const first = status(world).revision;
    await setImage(world, 'two');
    await pass(world, 20);
    const revision = world.client
      .all(resources.controllerRevisions)
      .find(({ metadata }) => metadata.labels?.['controller-revision-hash'] === first)!;
    world.client.remove(resources.controllerRevisions, namespace, revision.metadata.name);
    const held = world.live().find(({ spec }) => spec.nodeName === 'node-2')!;
    await world.client.delete(resources.pods, namespace, held.metadata.name, {});
    await pass(world, 60);
    assert.deepEqual(Object.keys(imagesByNode(world.live())).toSorted(), ['node-0', 'node-1', 'node-3']);
  });

  it('never loses the proven revision to the history limit', async () => {
    await using world = createWorld(2);
    world.apply(fluentd({ revisionHistoryLimit: 0 }));
    addPolicy(world, { paused: true });
    await world.start();
    await world.converge();
    await editPolicy(world, { spec: { paused: false } });
    await world.converge();
    const first = status(world).provenRevision;
    await editPolicy(world, { spec: { paused: true } });
    for (const image of ['two', 'three', 'four']) {
      await setImage(world, image);
      await pass(world, 5);
    }
    // Not one pod of it is left: only the policy knows that it is needed.
    for (const { metadata } of world.live()) world.client.remove(resources.pods, namespace, metadata.name);
    await pass(world, 10);
    assert.equal(images(world), 'fluentd:1 fluentd:1');
    const hashes = world.client
      .all(resources.controllerRevisions)
      .map(({ metadata }) => metadata.labels?.['controller-revision-hash']);
    assert.ok(hashes.includes(first));
  });

  it('is silent once everything is as wanted', async () => {
    await using world = await worldWith({ paused: true });
    await pass(world, 30);
    world.client.calls.length = 0;
    await world.clock.advance(3_600_000);
    const writes = world.client.calls.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    assert.deepEqual(writes, []);
  });
});
