import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileTarget } from '../../core/daemonset/index.ts';
import { createMetrics } from '../../observe/index.ts';
import type { Inspection } from './inspect.ts';
import { registerMetrics } from './metrics.ts';
import { nextProgress, type Progress, stalledMs } from './progress.ts';
import { createWorld, fluentd, setImage } from './world.test-support.ts';

describe('the controller seen from outside', () => {
  it('shows nodes by state, the numbers of the status, and how long a rollout stands still', async () => {
    await using world = createWorld(3);
    world.apply(fluentd());
    let failures = 0;
    let syncs = 0;
    const onSync = (_seconds: number, failed: boolean) => {
      syncs++;
      if (failed) failures++;
    };
    await world.start({ onSync });
    await world.converge();
    const fluentdNow = () => world.inspect().daemonSets[0]!;
    assert.deepEqual([...fluentdNow().states], [['current', 3]]);
    assert.equal(fluentdNow().stalledSeconds, 0);
    assert.ok(syncs > 0);
    assert.equal(failures, 0);

    await setImage(world, 'fluentd:broken');
    for (let round = 0; round < 60; round++) {
      await world.agents({ ready: (pod) => pod.spec.containers[0]?.image === 'fluentd:1' });
      await world.clock.advance(1000);
    }
    const { counts, outdated, stalledSeconds } = fluentdNow();
    assert.deepEqual([counts.updated, outdated], [1, 2]);
    assert.ok(stalledSeconds > 50 && stalledSeconds < 60, `${stalledSeconds} s`);
  });

  it('is what Prometheus reads; a replica that does not lead shows zeros', async () => {
    const metrics = await createMetrics({ process: false });
    let inspection: Inspection | undefined;
    const onSync = registerMetrics(metrics, () => inspection);
    assert.match(await metrics.text(), /^everynode_queue_depth 0$/m);
    const counts = {
      desired: 3,
      current: 3,
      ready: 2,
      available: 2,
      updated: 1,
      misscheduled: 0,
      blocking: 1,
      surging: 0,
    };
    inspection = {
      queueDepth: 4,
      writes: { limit: 16, underWay: 2, waiting: 1 },
      daemonSets: [
        {
          namespace: 'a',
          name: 'd',
          counts,
          states: new Map([['outdated', 2]]),
          outdated: 2,
          stalledSeconds: 7,
          phase: 'Held',
        },
      ],
    };
    onSync(0.2, true);
    const text = await metrics.text();
    for (const line of [
      'everynode_queue_depth 4',
      'everynode_writes_limit 16',
      'everynode_daemonset_nodes{namespace="a",daemonset="d",state="outdated"} 2',
      'everynode_daemonset_pods{namespace="a",daemonset="d",count="ready"} 2',
      'everynode_rollout_outdated_nodes{namespace="a",daemonset="d"} 2',
      'everynode_rollout_stalled_seconds{namespace="a",daemonset="d"} 7',
      'everynode_rollout_phase{namespace="a",daemonset="d",phase="Held"} 1',
      'everynode_sync_seconds_count{result="failed"} 1',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`);
  });
});

describe('progress', () => {
  const daemonSet = {
    ...fluentd(),
    metadata: { ...fluentd().metadata, uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  };
  const target = compileTarget(daemonSet, 'r1', []);
  const counts = (updated: number, available: number) => ({
    desired: 10,
    current: 10,
    ready: available,
    available,
    updated,
    misscheduled: 0,
    blocking: 0,
    surging: 0,
  });
  const follow = (steps: readonly (readonly [updated: number, available: number])[]) => {
    let progress: Progress | undefined;
    for (const [index, [updated, available]] of steps.entries())
      progress = nextProgress(progress, target, counts(updated, available), index * 1000);
    return stalledMs(progress, steps.length * 1000);
  };
  const cases: readonly [string, readonly (readonly [number, number])[], number][] = [
    ['nothing is missing: nothing stands still', [[10, 10]], 0],
    [
      'every step forward starts the time anew',
      [
        [0, 10],
        [1, 9],
        [1, 10],
      ],
      2000,
    ],
    [
      'a pod that comes and goes is no progress',
      [
        [5, 10],
        [5, 9],
        [5, 10],
        [5, 9],
        [5, 10],
      ],
      5000,
    ],
    [
      'what was complete and broke counts from when it broke',
      [
        [10, 10],
        [10, 10],
        [10, 9],
        [10, 9],
      ],
      2000,
    ],
  ];
  for (const [name, steps, expected] of cases) it(name, () => assert.equal(follow(steps), expected));
});
