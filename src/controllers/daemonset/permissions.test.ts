// What the controller says it needs is what it uses: every call of an eventful life, against a fake API server, is
// compared with the lists that RBAC is written from. A verb too many would be a privilege too many.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Pod, resources, StatusError, type Stored } from '../../api/index.ts';
import { type FakeCall, leaseLock } from '../../client/index.ts';
import { seededRandom, startLeaderElection } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import {
  leasePermissions,
  type Permission,
  preflightPermissions,
  readPermissions,
  writePermissions,
} from './permissions.ts';
import { preflight } from './preflight.ts';
import { createWorld, fluentd, setImage, type World } from './world.test-support.ts';

const namespace = 'kube-system';

/** `create pods`, each once, in order. */
function used(calls: readonly FakeCall[]): readonly string[] {
  return [...new Set(calls.map(({ verb, resource }) => `${verb} ${resource}`))].toSorted();
}

function granted(...lists: readonly (readonly Permission[])[]): readonly string[] {
  return [
    ...new Set(lists.flat().flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`))),
  ].toSorted();
}

/** The calls of `happening` that the world's own agents and users did not make. */
async function callsOfController(world: World, happening: () => Promise<void>): Promise<readonly FakeCall[]> {
  world.client.calls.length = 0;
  await world.clock.advance(0);
  await happening();
  return [...world.client.calls];
}

/** Lets only the controller act, for long enough to be done. */
const controllerActs = (world: World) => callsOfController(world, () => world.clock.advance(60_000));

describe('the permissions of the controller', () => {
  it('are exactly what it uses in a life with everything in it', async () => {
    await using world = createWorld(2);
    const { client } = world;
    const calls: FakeCall[] = [];
    const act = async () => void calls.push(...(await controllerActs(world)));

    world.apply(fluentd());
    calls.push(...(await callsOfController(world, async () => void (await world.start()))));
    await act();
    await world.agents();

    // A rollout, and back: revisions are created and renumbered.
    for (const image of ['fluentd:2', 'fluentd:1']) {
      await setImage(world, image);
      await act();
      for (let round = 0; round < 8; round++) {
        await world.agents();
        await act();
      }
    }
    assert.ok(world.live().length === 2, 'the rollout is over');

    // Orphans to adopt: asked first whether the DaemonSet is still there.
    const orphan = { metadata: { ownerReferences: null } };
    await client.patch(resources.pods, namespace, world.live()[0]!.metadata.name, 'merge', orphan);
    const [revision] = client.all(resources.controllerRevisions);
    await client.patch(resources.controllerRevisions, namespace, revision!.metadata.name, 'merge', orphan);
    await act();

    // A pod whose name is taken, and a revision whose name is taken: both are looked at.
    client.failNext('create', resources.pods, new StatusError('AlreadyExists', 'there is one already'));
    client.remove(resources.pods, namespace, world.live()[0]!.metadata.name);
    await act();
    await world.converge();
    client.failNext('create', resources.controllerRevisions, new StatusError('AlreadyExists', 'there is one already'));
    await setImage(world, 'fluentd:3');
    await act();
    for (let round = 0; round < 8; round++) {
      await world.agents();
      await act();
    }

    // History beyond its limit goes; a failing pod again and again makes events that are counted up.
    await client.patch(resources.daemonSets, namespace, 'fluentd', 'merge', { spec: { revisionHistoryLimit: 0 } });
    await act();
    for (let round = 0; round < 8; round++) {
      await world.agents({ phase: (entry: Stored<Pod>) => (entry.spec.nodeName === 'node-0' ? 'Failed' : 'Running') });
      await act();
    }

    // A policy whose status is written, and once not at the first try.
    client.failNext('update', 'rolloutpolicies/status', new StatusError('Conflict', 'it has been modified'));
    client.add(resources.rolloutPolicies, {
      metadata: { name: 'fluentd', namespace },
      spec: { targetRef: { name: 'fluentd' } },
    });
    await act();

    assert.deepEqual(used(calls), granted(readPermissions, writePermissions));
  });

  it('for its lease are what leader election uses', async () => {
    await using world = createWorld(0);
    const { client, clock } = world;
    const stop = new AbortController();
    const election = startLeaderElection({
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      identity: 'a',
      lock: leaseLock(client, namespace, 'the-lease'),
      clock,
      random: seededRandom(3),
      log: silentLogger,
      signal: stop.signal,
      lead: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    await clock.advance(30_000);
    assert.ok(election.leading);
    stop.abort();
    await clock.advance(1_000);
    await election.stopped;
    assert.deepEqual(used(client.calls), granted(leasePermissions('the-lease')));
    for (const { verb, name } of client.calls) if (verb !== 'create') assert.equal(name, 'the-lease');
  });

  it('for the preflight are what its probe uses, beyond what the controller may read', async () => {
    await using world = createWorld(0);
    const { client, clock } = world;
    const options = { client, clock, random: seededRandom(3), log: silentLogger, namespace, waitMs: 1_000 };
    const looking = preflight({ ...options, signal: new AbortController().signal });
    await clock.advance(5_000);
    await looking;
    const reads = granted(readPermissions);
    assert.deepEqual(
      used(client.calls).filter((call) => !reads.includes(call)),
      granted(preflightPermissions),
    );
  });
});
