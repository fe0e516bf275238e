// The whole controller on a cluster that kube-controller-manager made: its DaemonSets, its revisions, its pods, as
// recorded from a real one. Taking over must write nothing but the status.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { controllerReference, decodeJson, type PodTemplateSpec, resources } from '../../api/index.ts';
import { createWorld } from './world.test-support.ts';

interface Recorded {
  readonly daemonSet: string;
  readonly template: PodTemplateSpec;
  readonly revisions: readonly {
    readonly name: string;
    readonly hash: string;
    readonly revision: number;
    readonly data: string;
  }[];
}

function recordedBy(version: string): readonly Recorded[] {
  const file = new URL(`../../core/daemonset/recorded/kube-controller-manager-${version}.json`, import.meta.url);
  return decodeJson(readFileSync(file, 'utf8')) as readonly Recorded[];
}

for (const version of ['1.25', '1.36'])
  it(`takes over what kube-controller-manager ${version} made without touching a pod or a revision`, async () => {
    const nodes = ['node-0', 'node-1', 'node-2'];
    await using world = createWorld(0);
    for (const node of nodes) world.addNode(node, { 'kubernetes.io/os': 'linux' });
    const { client, clock } = world;
    for (const { daemonSet: name, template, revisions } of recordedBy(version)) {
      const labels = template.metadata?.labels ?? {};
      const set = client.add(resources.daemonSets, {
        metadata: {
          name,
          namespace: 'default',
          generation: revisions.length,
          annotations: { 'deprecated.daemonset.template.generation': String(revisions.length) },
        },
        spec: {
          selector: { matchLabels: labels },
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          revisionHistoryLimit: 10,
          template,
        },
      });
      const ownerReferences = [controllerReference(resources.daemonSets, set)];
      for (const { name: revisionName, hash, revision, data } of revisions)
        client.add(resources.controllerRevisions, {
          metadata: {
            name: revisionName,
            namespace: 'default',
            labels: { ...labels, 'controller-revision-hash': hash },
            ownerReferences,
          },
          data: decodeJson(data),
          revision,
        });
      const newest = revisions.toSorted((a, b) => b.revision - a.revision)[0]!;
      for (const [index, node] of nodes.entries())
        client.add(resources.pods, {
          metadata: {
            name: `${name}-x${index}`,
            namespace: 'default',
            labels: { ...labels, 'controller-revision-hash': newest.hash, 'pod-template-generation': '1' },
            ownerReferences,
          },
          spec: { ...template.spec, nodeName: node },
          status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
        });
    }
    const before = client.all(resources.pods).map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`);

    client.calls.length = 0;
    await world.start();
    await clock.advance(120_000);

    const writes = client.calls.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    assert.deepEqual(
      [...new Set(writes.map(({ verb, resource }) => `${verb} ${resource}`))],
      ['update daemonsets/status'],
    );
    const after = client.all(resources.pods).map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`);
    assert.deepEqual(after, before);
    for (const { metadata, status } of client.all(resources.daemonSets)) {
      assert.equal(status?.updatedNumberScheduled, nodes.length, metadata.name);
      assert.equal(status?.numberAvailable, nodes.length, metadata.name);
    }
  });
