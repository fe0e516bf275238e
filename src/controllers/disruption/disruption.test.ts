import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { findCondition, formatTime, type Resource, resources } from '../../api/index.ts';
import { createFakeClient } from '../../client/index.ts';
import type { DisruptionBudget } from '../../core/disruption/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runDisruption } from './index.ts';

const budgets: Resource<DisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  name: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};
const labels = { app: 'agent' };

async function start(t: TestContext, spec: DisruptionBudget['spec']) {
  const clock = createVirtualClock();
  const client = createFakeClient({ clock, random: seededRandom(1) });
  const stop = new AbortController();
  const set = client.add(resources.daemonSets, {
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: {}, template: { spec: { containers: [] } } },
    status: { currentNumberScheduled: 3, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 3 },
  });
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: set.metadata.uid, controller: true };
  const pod = (name: string, ready: string) =>
    client.add(resources.pods, {
      metadata: { name, namespace: 'default', labels, ownerReferences: [owner] },
      spec: { containers: [] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] },
    });
  for (const name of ['a', 'b', 'c']) pod(name, 'True');
  client.add(budgets, {
    metadata: { name: 'pdb', namespace: 'default', generation: 1 },
    spec: { selector: { matchLabels: labels }, ...spec },
  });
  const controller = runDisruption({ client, clock, random: seededRandom(2), log: silentLogger, signal: stop.signal });
  t.after(async () => {
    stop.abort();
    await controller.stopped;
  });
  await clock.advance(1_000);
  return { clock, client, pod, status: () => client.all(budgets)[0]!.status! };
}

test('a budget learns what may go, and when that changes', async (t) => {
  const { clock, client, status } = await start(t, { maxUnavailable: 1 });
  assert.equal(status().disruptionsAllowed, 1);
  assert.equal(status().observedGeneration, 1);
  const conditions = () => status().conditions as Parameters<typeof findCondition>[0];
  assert.equal(findCondition(conditions(), 'DisruptionAllowed')?.reason, 'SufficientPods');

  const body = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
  await client.patch(resources.pods, 'default', 'a', 'merge', body, { subresource: 'status' });
  await clock.advance(1_000);
  assert.equal(status().disruptionsAllowed, 0);
  assert.equal(findCondition(conditions(), 'DisruptionAllowed')?.reason, 'InsufficientPods');
});

test('nothing is written when nothing changed', async (t) => {
  const { clock, client, pod } = await start(t, { minAvailable: 2 });
  const writes = client.count('update', 'poddisruptionbudgets/status');
  assert.equal(writes, 1);
  client.add(resources.pods, { metadata: { name: 'x', namespace: 'default' }, spec: { containers: [] } });
  await clock.advance(10_000);
  assert.equal(client.count('update', 'poddisruptionbudgets/status'), writes);
  pod('d', 'True');
  await clock.advance(1_000);
  assert.equal(client.count('update', 'poddisruptionbudgets/status'), writes + 1);
});

test('an eviction that was granted and did not happen is forgotten after two minutes', async (t) => {
  const { clock, client, status } = await start(t, { minAvailable: 2 });
  const granted = { status: { disruptionsAllowed: 0, disruptedPods: { a: formatTime(clock.now()) } } };
  await client.patch(budgets, 'default', 'pdb', 'merge', granted, { subresource: 'status' });
  await clock.advance(1_000);
  assert.equal(status().disruptionsAllowed, 0);
  await clock.advance(130_000);
  assert.equal(status().disruptionsAllowed, 1);
  assert.equal(status().disruptedPods, undefined);
});
