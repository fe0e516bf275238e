// Rollout policies in the simulator: which histories have them, that all others stay as they were, and that what must hold
// of a held node is what it says. The long run is `npm run simulate -- --policies`; deliberate bugs: --mutation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DaemonSet, type Node, type RolloutPolicy, resources, type Stored } from '../api/index.ts';
import { hashOf, newRevision } from '../core/daemonset/index.ts';
import { Archive } from './archive.ts';
import { crashHistory, scenes } from './crash-points.ts';
import { generateHistory } from './generate.ts';
import { daemonSetOf, withTemplate } from './happen.ts';
import { type History, hasPolicies } from './history.ts';
import { PolicyTruth } from './policy-truth.ts';
import { describeHistory } from './report.ts';
import { runHistory } from './run.ts';

const smokeSeeds = 10;
const some = Array.from({ length: 400 }, (_, index) => index + 1);

describe('histories with rollout policies', () => {
  it('are a quarter of all, or all where they are asked for', () => {
    const drawn = some.filter((seed) => hasPolicies(generateHistory(seed))).length;
    assert.ok(drawn > 80 && drawn < 120, `${drawn}`);
    assert.ok(some.every((seed) => hasPolicies(generateHistory(seed, { policies: true }))));
  });

  it('keep the steps that there were without, in their order', () => {
    const key = ({ kind, ...rest }: History['steps'][number]) => JSON.stringify({ kind, ...rest, afterMs: 0 });
    for (const seed of some) {
      const plain = generateHistory(seed);
      if (hasPolicies(plain)) continue;
      const rest = generateHistory(seed, { policies: true }).steps.map(key).values();
      // A template that a pause was put before keeps its place, and its time goes to the pause.
      for (const step of plain.steps)
        assert.ok(
          rest.some((other) => other === key(step)),
          `${seed}: ${key(step)}`,
        );
    }
  });

  it('say in words what users do with their policies', () => {
    const words = some.map((seed) => describeHistory(generateHistory(seed, { policies: true }))).join('\n');
    for (const found of [
      /policy log of log says \{/,
      /policy log is paused/,
      /policy log goes on/,
      /a user approves what policy log has open/,
      /a user wants what policy log rolls out tried again/,
      /policy log is deleted/,
      /watches of rolloutpolicies deliver nothing/,
      /in the end policies are left/,
    ])
      assert.match(words, found);
  });

  for (let seed = 1; seed <= smokeSeeds; seed++)
    it(`break nothing with seed ${seed}`, async () => {
      const { violation } = await runHistory(generateHistory(seed, { policies: true }));
      assert.equal(violation, undefined, `npm run simulate -- --policies --seed ${seed} --log`);
    });

  it('have writes of a policy’s status among those that a controller dies at', async () => {
    for (const scene of scenes.filter(({ name }) => name.includes('policy'))) {
      const { log } = await runHistory(crashHistory(scene, 1));
      const written = log.filter((line) => line.endsWith('controller-1.1 update rolloutpolicies log -> ok'));
      assert.ok(written.length > 5, `${scene.name}: ${written.length}`);
    }
  });
});

describe('what a policy says of a node, restated', () => {
  const setup = {
    name: 'log',
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    minReadySeconds: 0,
    historyLimit: 2,
  };
  const stored = <T>(object: T, uid: string) =>
    ({
      ...object,
      metadata: { ...(object as DaemonSet).metadata, uid, resourceVersion: '1', generation: 1 },
    }) as Stored<T & DaemonSet>;
  const old = stored(daemonSetOf(setup), 'ds');
  const daemonSet: Stored<DaemonSet> = { ...old, spec: withTemplate(old, 'log:2', undefined) };
  const revisions = [old, daemonSet].map((object, index) => newRevision(object, index + 1, 0));
  const [proven, revision] = revisions.map(hashOf) as [string, string];
  const node = (name: string, pool: string) =>
    ({ metadata: { name, uid: name, labels: { pool }, resourceVersion: '1', creationTimestamp: '' } }) as Stored<Node>;

  const truth = new PolicyTruth(new Archive());
  for (const [index, object] of revisions.entries())
    truth.committed({
      type: 'ADDED',
      resource: resources.controllerRevisions.name,
      object: stored(object, `r${index}`),
      previous: undefined,
      version: index + 1,
      at: 0,
      actor: 'controller-1.1',
    });

  const status = { observedGeneration: 1, daemonSetUID: 'ds', revision, provenRevision: proven, openWaves: 1 };
  const policy = (says: object, spec: object = {}) =>
    stored(
      {
        metadata: { name: 'log', namespace: 'sim' },
        spec: {
          targetRef: { name: 'log' },
          waves: [{ name: 'w1', nodeSelector: { matchLabels: { pool: 'blue' } } }],
          ...spec,
        },
        status: { ...status, phase: 'RollingOut', ...says },
      },
      'p',
    ) as unknown as Stored<RolloutPolicy>;
  const says = (given: Stored<RolloutPolicy> | undefined, pool: string) => {
    const { stance, template } = truth.view(daemonSet, node('n1', pool), given);
    return `${stance} ${template?.spec.containers[0]?.image ?? 'nothing'}`;
  };

  for (const [why, given, blue, green] of [
    ['no policy', undefined, 'free log:2', 'free log:2'],
    ['an open wave, and beyond', policy({}), 'free log:2', 'held log:1'],
    ['every wave open', policy({ openWaves: 2 }), 'free log:2', 'free log:2'],
    ['a limit that the node is beyond', policy({ waves: [{ rankMax: 1 }] }), 'held log:1', 'held log:1'],
    ['paused', policy({}, { paused: true }), 'paused log:1', 'paused log:1'],
    ['an edit that no status was written for', policy({ observedGeneration: 0 }), 'paused log:1', 'paused log:1'],
    ['a rollout that did not begin', policy({ revision: proven }), 'paused log:1', 'paused log:1'],
    ['two waves of one name', policy({}, { waves: [{ name: 'rest' }] }), 'paused log:1', 'paused log:1'],
    ['a bad revision', policy({ phase: 'Held' }), 'held log:1', 'held log:1'],
    ['one that is taken back', policy({ phase: 'RolledBack' }), 'back log:1', 'back log:1'],
    ['nothing proven', policy({ provenRevision: undefined }), 'free log:2', 'free log:2'],
    ['a status about another DaemonSet', policy({ daemonSetUID: 'gone' }), 'mute nothing', 'mute nothing'],
  ] as const)
    it(why, () => assert.deepEqual([says(given, 'blue'), says(given, 'green')], [blue, green]));
});
