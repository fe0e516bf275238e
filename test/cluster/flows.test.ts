// The flows of a user, with the controller as a process beside the cluster, on whichever cluster is given.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DaemonSet, Stored } from '../../src/api/index.ts';
import { quickLease, startController } from '../e2e/support/controller.ts';
import { everynode, temporaryDirectory } from '../e2e/support/everynode.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { needsKubectl } from '../e2e/support/kubectl.ts';
import { openCluster } from './support/cluster.ts';
import {
  apply,
  getDaemonSet,
  getPods,
  image,
  imageOf,
  manifest,
  name,
  newerImage,
  nodeOf,
  rollout,
  setImage,
  settled,
  type StoredPod,
  uidOf,
} from './support/workload.ts';

const label = 'everynode.dev/test-chosen';
/** No node has it. */
const noLabel = 'everynode.dev/test-nowhere';

test('the flows of a user', needsKubectl, async (t) => {
  const cluster = await openCluster(t);
  const { kubectl, namespace, kubeconfigPath } = cluster;
  const controller = startController(t, kubeconfigPath, [...quickLease, '--metrics-bind-address', '127.0.0.1:0']);

  await t.test(
    '0: everything there is comes as a stream, where the server has such, and in pages where not',
    async () => {
      await controller.says('the lists are complete');
      const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const asked = await kubectl.attempt(['get', '--raw', `/api/v1/nodes?${query}&timeoutSeconds=3`]);
      const streams = asked.stdout.includes('"k8s.io/initial-events-end":"true"');
      const { text } = await controller.page('metrics', '/metrics');
      // The preflight lists pods and DaemonSets besides.
      for (const resource of ['nodes', 'controllerrevisions']) {
        const asks = (verb: string) =>
          text.includes(`requests_total{verb="${verb}",resource="${resource}",code="200"}`);
        assert.deepEqual([asks('list'), asks('watch')], [!streams, true], resource);
      }
    },
  );

  await t.test('1: kubectl apply puts one pod on every node', async () => {
    await apply(cluster);
    await settled(cluster);
    assert.match(await rollout(cluster, 'status', '--timeout=60s'), /successfully rolled out/);
  });

  await t.test('2: a node that is chosen gets a pod, and loses it when it is not', async () => {
    const before = await settled(cluster);
    const [first, second] = before.map(nodeOf);
    const choose = (node: string, change: string) => kubectl.run(['label', 'node', node, `${label}${change}`]);
    t.after(async () => {
      await kubectl.attempt(['label', 'nodes', '--all', `${label}-`]);
    });
    await choose(first!, `=${namespace}`);
    await apply(cluster, manifest(cluster, {}, { nodeSelector: { [label]: namespace } }));
    await settled(cluster, image, [first!]);
    if (second !== undefined) {
      await choose(second, `=${namespace}`);
      await settled(cluster, image, [first!, second]);
      await choose(second, '-');
      await settled(cluster, image, [first!]);
    }
    await apply(cluster);
    await settled(cluster);
  });

  await t.test(
    '2: a node joins and leaves',
    cluster.simulated ? {} : { skip: 'the nodes of this cluster are not ours to create' },
    async () => {
      const joining = {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'zz-node-late', annotations: { 'everynode.dev/runtime': 'simulated' } },
      };
      const before = await settled(cluster);
      await kubectl.run(['create', '-f', '-'], JSON.stringify(joining));
      const joined = await settled(cluster);
      assert.deepEqual(joined.slice(0, -1).map(uidOf), before.map(uidOf), 'the others stay');
      await kubectl.run(['delete', 'node', 'zz-node-late']);
      assert.deepEqual((await settled(cluster)).map(uidOf), before.map(uidOf));
    },
  );

  await t.test('3: a deleted pod comes back on its node', async () => {
    const [victim, ...others] = await settled(cluster);
    await kubectl.run(['-n', namespace, 'delete', 'pod', victim!.metadata.name, '--wait=false']);
    const [back, ...rest] = await settled(cluster);
    assert.notEqual(uidOf(back!), uidOf(victim!));
    assert.deepEqual(rest.map(uidOf), others.map(uidOf));
  });

  await t.test('3: orphans are adopted, not replaced', async () => {
    const before = await settled(cluster);
    await kubectl.run(['-n', namespace, 'delete', 'daemonset', name, '--cascade=orphan']);
    await apply(cluster);
    assert.deepEqual((await settled(cluster)).map(uidOf), before.map(uidOf));
    const { metadata } = await getDaemonSet(cluster);
    for (const pod of await getPods(cluster)) assert.equal(pod.metadata.ownerReferences?.[0]?.uid, metadata.uid);
  });

  await t.test('4: a rollout keeps its budget, and undo brings the old image back', async () => {
    await settled(cluster);
    const watching = kubectl.watch<StoredPod>('-n', namespace, 'pods', '-l', `app=${name}`);
    t.after(() => watching.stop());
    const wanted = (await cluster.nodes()).length;
    await eventually('the watch has the pods', () => {
      assert.ok(watching.events.length >= wanted);
      return Promise.resolve();
    });
    await setImage(cluster, newerImage);
    await settled(cluster, newerImage);
    watching.stop();
    assert.equal(worstUnavailable(watching.events, wanted), 1, 'one node at a time');
    await rollout(cluster, 'undo');
    await settled(cluster, image);
    assert.match(await rollout(cluster, 'history'), /^\d+\s/m);
  });

  await t.test('6: what the API server refuses of a pod stands in the events, and others go on', async () => {
    const bad = manifest(cluster, {}, { priorityClassName: 'everynode-test-no-such-class' });
    await kubectl.run(['apply', '-f', '-'], bad.replaceAll(`"${name}"`, '"refused"'));
    await eventually('an event tells of it', async () => {
      const args = ['get', 'events', '--field-selector', 'reason=FailedCreate', '-o', 'jsonpath={.items[*].message}'];
      assert.match(
        await kubectl.run(['-n', namespace, ...args]),
        /no PriorityClass with name everynode-test-no-such-class/,
      );
    });
    await eventually('its Progressing condition says it in the same words', async () => {
      const { status } = await kubectl.get<Stored<DaemonSet>>('-n', namespace, 'daemonset', 'refused');
      const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
      assert.deepEqual([progressing?.status, progressing?.reason], ['False', 'FailedCreate']);
      assert.match(progressing!.message!, /no PriorityClass with name everynode-test-no-such-class/);
    });
    const [victim] = await settled(cluster);
    await kubectl.run(['-n', namespace, 'delete', 'pod', victim!.metadata.name, '--wait=false']);
    await settled(cluster);
    await kubectl.run(['-n', namespace, 'delete', 'daemonset', 'refused']);
  });

  await t.test('7: plan foresees what apply does, and explain says why it is so', async () => {
    const asked = async (command: string, ...args: readonly string[]) => {
      const outcome = await everynode([command, '--kubeconfig', kubeconfigPath, '-n', namespace, ...args]);
      assert.equal(outcome.code, 0, outcome.stderr);
      return outcome.stdout;
    };
    const nodes = (await cluster.nodes()).length;
    assert.match(
      await asked('explain', name),
      new RegExp(`^current +${nodes} .*the right pod is there and available$`, 'm'),
    );
    const nowhere = manifest(cluster, {}, { nodeSelector: { [noLabel]: 'nowhere' } });
    const file = join(temporaryDirectory(), 'nowhere.json');
    writeFileSync(file, nowhere);
    const wants = `the template's nodeSelector wants label ${noLabel}=nowhere`;
    const plan = await asked('plan', '-f', file);
    assert.match(plan, /: a new revision, \w+$/m);
    assert.match(plan, new RegExp(`${nodes} nodes? (loses its|lose their) pod: ${wants}`));
    await apply(cluster, nowhere);
    await settled(cluster, image, []);
    assert.match(
      await asked('explain', name),
      new RegExp(`^idle +${nodes} .*${wants}, which the node does not have$`, 'm'),
    );
    await apply(cluster);
    await settled(cluster);
  });

  await t.test('5: kubectl delete takes the pods along', async () => {
    await kubectl.run(['-n', namespace, 'delete', 'daemonset', name]);
    await eventually('no pod is left', async () => assert.deepEqual((await getPods(cluster)).map(imageOf), []));
  });

  assert.deepEqual(await controller.stop(), { code: 0, signal: null });
});

/** How many nodes were without a ready pod that is meant to stay, at the worst moment. */
function worstUnavailable(
  events: readonly { readonly type: string; readonly object: StoredPod }[],
  wanted: number,
): number {
  const serving = new Map<string, string>();
  let started = false;
  let worst = 0;
  for (const { type, object } of events) {
    const { uid, deletionTimestamp } = object.metadata;
    const ready = object.status?.conditions?.some((entry) => entry.type === 'Ready' && entry.status === 'True');
    if (type !== 'DELETED' && deletionTimestamp === undefined && ready === true) serving.set(uid, nodeOf(object));
    else serving.delete(uid);
    const unavailable = wanted - new Set(serving.values()).size;
    started ||= unavailable === 0;
    if (started) worst = Math.max(worst, unavailable);
  }
  assert.ok(started, 'the watch saw every pod ready');
  return worst;
}
