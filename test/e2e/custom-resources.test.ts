// Custom resources in a whole cluster: the controllers cover what was not there when they started.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubernetesList, KubernetesObject } from '../../src/api/index.ts';
import { up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: ['v1', 'v1beta1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 1 } } } },
        },
      },
    })),
  },
};
const widget = (name: string, version = 'v1') => ({
  apiVersion: `example.com/${version}`,
  kind: 'Widget',
  metadata: { name, namespace: 'shop' },
  spec: {},
});

test(
  'custom resources are collected with their owners, deleted with their namespace, and there after a restart',
  needsKubectl,
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'everynode-widgets-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const first = await up(t, { dataDir: directory });
    const { kubectl } = first;
    const apply = (object: object) => kubectl.run(['apply', '-f', '-'], JSON.stringify(object));
    await apply(definition);
    await kubectl.run(['wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=10s']);
    await kubectl.run(['create', 'namespace', 'shop']);
    await apply(widget('owner', 'v1beta1'));
    const owner = await kubectl.get<KubernetesObject>('-n', 'shop', 'widgets.v1beta1.example.com', 'owner');
    const reference = { apiVersion: 'example.com/v1beta1', kind: 'Widget', name: 'owner', uid: owner.metadata.uid };
    const owned = { ...widget('owned'), metadata: { ...widget('owned').metadata, ownerReferences: [reference] } };
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...owned.metadata, name: 'settings' } };
    for (const object of [owned, settings, widget('left')]) await apply(object);

    const names = async () =>
      (await kubectl.get<KubernetesList<KubernetesObject>>('-n', 'shop', 'widgets,configmaps')).items.map(
        ({ kind, metadata }) => `${kind}/${metadata.name}`,
      );
    await kubectl.run(['-n', 'shop', 'delete', 'widget', 'owner']);
    await eventually('what the widget owned is gone', async () => {
      assert.deepEqual(await names(), ['Widget/left', 'ConfigMap/kube-root-ca.crt']);
    });

    await first.stop();
    const second = await up(t, { dataDir: directory });
    const left = await second.kubectl.get<KubernetesObject & { spec: { size: number } }>(
      '-n',
      'shop',
      'widget',
      'left',
    );
    assert.equal(left.spec.size, 1);
    await second.kubectl.run(['delete', 'namespace', 'shop', '--timeout=30s']);
    assert.match(await second.kubectl.run(['delete', 'crd', 'widgets.example.com']), /deleted/);
  },
);
