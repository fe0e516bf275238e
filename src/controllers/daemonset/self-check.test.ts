import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KubernetesObject, type Resource, resources, StatusError, type WatchEvent } from '../../api/index.ts';
import { viewNode, viewPod } from '../../core/daemonset/index.ts';
import { createMetrics } from '../../observe/index.ts';
import { registerSelfCheckMetrics, type SelfCheck } from './index.ts';
import { mendLedger } from './ledger-check.ts';
import { track } from './tracked.ts';
import { createWorld, fluentd, type World } from './world.test-support.ts';

type Event = WatchEvent<KubernetesObject>;

/** From now on the controller's watches of this resource do not bring what `drops` says. */
function lose(world: World, resource: Resource, drops: (event: Event) => boolean): void {
  const watch = world.client.watch.bind(world.client);
  world.client.watch = async function* (asked, options) {
    for await (const event of watch(asked, options))
      if (asked.name !== resource.name || !drops(event)) yield event;
      else yield { type: 'BOOKMARK', object: event.object };
  };
  world.client.endWatches();
}

/** What moves watches on though nothing happens that matters: a foreign pod, a heartbeat. */
async function elsewhere(world: World): Promise<void> {
  const name = `p${world.clock.now()}`;
  world.client.add(resources.pods, { metadata: { namespace: 'elsewhere', name }, spec: { containers: [] } });
  await world.client.patch(resources.nodes, undefined, 'node-2', 'merge', {
    metadata: { annotations: { beat: name } },
  });
}

async function checked(world: World, checks: readonly SelfCheck[], minutes: number): Promise<readonly SelfCheck[]> {
  const before = checks.length;
  for (let minute = 0; minute < minutes; minute++) {
    await elsewhere(world);
    await world.clock.advance(60_000);
  }
  return checks.slice(before);
}

const scene = async (nodes = 3) => {
  const world = createWorld(nodes);
  const checks: SelfCheck[] = [];
  world.apply(fluentd());
  await world.start({ selfCheckMs: 60_000, onSelfCheck: (check) => void checks.push(check) });
  await world.converge();
  return { world, checks };
};
const drifts = (checks: readonly SelfCheck[]) =>
  checks.flatMap(({ drift }) => drift.map(({ place, resource, kind }) => `${place} ${kind} ${resource}`));

describe('the self-check', () => {
  it('finds nothing in a cluster where everything changes all the time, and asks the cache', async () => {
    const { world, checks } = await scene();
    for (let round = 0; round < 40; round++) {
      const victim = world.live()[round % 3];
      if (victim !== undefined)
        await world.client.delete(resources.pods, victim.metadata.namespace, victim.metadata.name);
      world.addNode(`late-${round}`);
      await world.clock.advance(17_000);
      await world.agents();
      await world.clock.advance(1000);
    }
    assert.ok(checks.length >= 10, `${checks.length} checks`);
    assert.deepEqual(drifts(checks), []);
    assert.ok(checks.every(({ result }) => result === 'true'));
    const asked = world.client.calls.filter(({ verb, body }) => {
      return verb === 'list' && (body as { resourceVersion?: string }).resourceVersion === '0';
    });
    assert.ok(asked.some(({ resource }) => resource === 'nodes') && asked.some(({ resource }) => resource === 'pods'));
    await world[Symbol.asyncDispose]();
  });

  const losses: readonly [string, Resource, Event['type'], string][] = [
    ['that a pod went', resources.pods, 'DELETED', 'picture extra pods'],
    ['that a node came', resources.nodes, 'ADDED', 'picture missing nodes'],
    ['that a node went', resources.nodes, 'DELETED', 'picture extra nodes'],
    ['that a pod turned ready', resources.pods, 'MODIFIED', 'picture stale pods'],
  ];
  for (const [what, resource, type, expected] of losses)
    it(`finds and heals a picture to which a watch did not say ${what}`, async () => {
      const { world, checks } = await scene();
      let loses = true;
      lose(world, resource, (event) => loses && event.type === type && event.object.metadata.namespace !== 'elsewhere');
      await world.clock.advance(5000);
      if (resource === resources.nodes && type === 'ADDED') world.addNode('late');
      else if (resource === resources.nodes) world.client.remove(resources.nodes, undefined, 'node-0');
      else if (type === 'DELETED') {
        const { namespace, name } = world.live()[0]!.metadata;
        world.client.remove(resources.pods, namespace, name);
      } else {
        const { namespace, name } = world.live()[0]!.metadata;
        const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };
        await world.client.patch(resources.pods, namespace, name, 'merge', { status }, { subresource: 'status' });
      }
      await world.clock.advance(5000);
      loses = false;
      const found = await checked(world, checks, 8);
      assert.ok(drifts(found).includes(expected), JSON.stringify(found));
      await world.converge();
      const nodes = world.client.all(resources.nodes).length;
      assert.equal(world.daemonSet().status?.numberReady, nodes);
      assert.deepEqual(drifts(await checked(world, checks, 6)), [], 'it is healed');
      assert.equal(world.client.count('get', resources.nodes), 0, 'nodes may be listed, not got');
      await world[Symbol.asyncDispose]();
    });

  it('says nothing about a picture whose watch does not move on, nor when nobody answers', async () => {
    const { world, checks } = await scene();
    world.client.failNext('list', resources.pods, new StatusError('ServiceUnavailable', 'away'), 1);
    await world.client.delete(resources.pods, 'kube-system', world.live()[0]!.metadata.name);
    const before = checks.length;
    await world.clock.advance(600_000);
    const silent = checks.slice(before);
    assert.ok(silent.some(({ result }) => result === 'undecided'));
    assert.deepEqual(drifts(silent), []);
    await world[Symbol.asyncDispose]();
  });

  it('is counted for Prometheus by what it found and where', async () => {
    const metrics = await createMetrics({ process: false });
    const onCheck = registerSelfCheckMetrics(metrics);
    onCheck({ result: 'true', drift: [] });
    onCheck({ result: 'drift', drift: [{ place: 'ledger', resource: 'pods', kind: 'extra', key: 'a/b' }] });
    const lines = (await metrics.text()).split('\n');
    assert.ok(lines.includes('everynode_self_checks_total{result="true"} 1'));
    assert.ok(lines.includes('everynode_ledger_drift_objects_total{place="ledger",resource="pods",kind="extra"} 1'));
  });
});

describe('a ledger beside the picture that it is made of', () => {
  it('is put right where it differs, and nowhere else', async () => {
    const { world } = await scene();
    const tracked = track(world.daemonSet());
    const nodes = world.client.all(resources.nodes).map(viewNode);
    const pods = world.live().map(viewPod);
    const now = world.clock.now();
    const mend = () => mendLedger(tracked, { nodes, pods }, now).map(({ resource, kind }) => `${kind} ${resource}`);
    assert.deepEqual(mend().toSorted(), [...Array(3).fill('missing nodes'), ...Array(3).fill('missing pods')]);
    assert.deepEqual(mend(), []);

    tracked.ledger.removePod(pods[0]!.uid, now);
    tracked.ledger.setPod({ ...pods[1]!, resourceVersion: '1', ready: false }, now);
    tracked.ledger.setPod({ ...pods[2]!, uid: 'phantom', name: 'phantom' }, now);
    tracked.ledger.removeNode('node-0', now);
    tracked.ledger.setNode({ ...nodes[1]!, ready: false }, now);
    tracked.ledger.setNode({ ...nodes[2]!, name: 'node-phantom', uid: 'phantom' }, now);
    assert.deepEqual(mend().toSorted(), [
      'extra nodes',
      'extra pods',
      'missing nodes',
      'missing pods',
      'stale nodes',
      'stale pods',
    ]);
    assert.deepEqual(mend(), []);
    // Adopted: the ledger has the answer, the watch has not brought it yet.
    tracked.ledger.setPod({ ...pods[0]!, resourceVersion: '999999' }, now);
    assert.deepEqual(mend(), []);
    await world[Symbol.asyncDispose]();
  });
});
