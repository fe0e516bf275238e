// The official JavaScript client, as a developer of an operator uses it, against a cluster in memory.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1DaemonSet,
  type V1Pod,
  Watch,
} from '@kubernetes/client-node';
import { eventually as soon, startCluster } from '../../src/testing/index.ts';

const namespace = 'default';
/** On a slow machine too. */
const eventually = <T>(look: () => T | Promise<T>) => soon(look, { timeoutMs: 120_000 });

async function connect(t: TestContext): Promise<KubeConfig> {
  const cluster = await startCluster({ nodes: 2 });
  t.after(() => cluster.close());
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig);
  return config;
}

const daemonSet = (image: string): V1DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', namespace, labels: { team: 'a' } },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'agent', image }] } },
  },
});

/** The refusal's HTTP code and its Status. */
async function refused(call: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  const error = await call.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiException, String(error));
  const { reason, message } = JSON.parse(error.body as string) as { reason: string; message: string };
  return { code: error.code, reason, message };
}

test('a DaemonSet from its creation to its end', async (t) => {
  const config = await connect(t);
  const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
  const created = await apps.createNamespacedDaemonSet({ namespace, body: daemonSet('agent:1') });
  assert.equal(created.spec?.updateStrategy?.rollingUpdate?.maxUnavailable, 1);
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  await eventually(async () => {
    const { status } = await apps.readNamespacedDaemonSetStatus({ name: 'agent', namespace });
    return status?.numberReady === 2;
  });
  const labelSelector = 'app=agent';
  const first = await core.listNamespacedPod({ namespace, labelSelector, limit: 1 });
  assert.deepEqual([first.items.length, first.metadata?.remainingItemCount], [1, undefined]);
  const { _continue } = first.metadata!;
  const second = await core.listNamespacedPod({ namespace, labelSelector, limit: 1, _continue: _continue! });
  assert.notEqual(second.items[0]?.metadata?.uid, first.items[0]?.metadata?.uid);
  const onNode = await core.listPodForAllNamespaces({ fieldSelector: 'spec.nodeName=node-1' });
  assert.equal(onNode.items.length, 1);

  created.spec.minReadySeconds = 5;
  const { code, reason } = await refused(apps.replaceNamespacedDaemonSet({ name: 'agent', namespace, body: created }));
  assert.deepEqual([code, reason], [409, 'Conflict'], 'its status has been written since');
  const invalid = daemonSet('agent:1');
  invalid.spec!.selector = { matchLabels: { app: 'other' } };
  const refusal = await refused(
    apps.createNamespacedDaemonSet({ namespace, body: Object.assign(invalid, { metadata: { name: 'x' } }) }),
  );
  assert.deepEqual([refusal.code, refusal.reason], [422, 'Invalid']);
  assert.match(refusal.message, /^DaemonSet\.apps "x" is invalid: spec\.template\.metadata\.labels: Invalid value/);
  const gone = await refused(core.readNamespacedPod({ name: 'nobody', namespace }));
  assert.deepEqual([gone.code, gone.reason], [404, 'NotFound']);

  await apps.deleteNamespacedDaemonSet({ name: 'agent', namespace, propagationPolicy: 'Foreground' });
  await eventually(async () => (await core.listNamespacedPod({ namespace })).items.length === 0);
  assert.equal((await refused(apps.readNamespacedDaemonSet({ name: 'agent', namespace }))).code, 404);
});

test('every kind of patch', async (t) => {
  const apps = (await connect(t)).makeApiClient(AppsV1Api);
  await apps.createNamespacedDaemonSet({ namespace, body: daemonSet('agent:1') });
  const patch = (strategy: string, body: object, more: object = {}) =>
    apps.patchNamespacedDaemonSet(
      { name: 'agent', namespace, body, ...more },
      setHeaderOptions('content-type', strategy),
    );
  const containers = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'agent', image }] } } } });
  const imageOf = ({ spec }: V1DaemonSet) => spec?.template.spec?.containers.map(({ image }) => image);
  assert.deepEqual(imageOf(await patch(PatchStrategy.StrategicMergePatch, containers('agent:2'))), ['agent:2']);
  const json = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'agent:3' }];
  assert.deepEqual(imageOf(await patch(PatchStrategy.JsonPatch, json)), ['agent:3']);
  const merged = await patch(PatchStrategy.MergePatch, {
    metadata: { labels: { team: null } },
    spec: { minReadySeconds: 1 },
  });
  assert.deepEqual([merged.metadata?.labels, merged.spec?.minReadySeconds], [undefined, 1]);
  const apply = { fieldManager: 'operator', force: true };
  const applied = await patch(PatchStrategy.ServerSideApply, daemonSet('agent:4'), apply);
  assert.deepEqual(imageOf(applied), ['agent:4']);
  assert.ok(
    applied.metadata?.managedFields?.some(({ manager, operation }) => manager === 'operator' && operation === 'Apply'),
  );
});

test('a watch and an informer see what happens, in order, and resume', async (t) => {
  const config = await connect(t);
  const core = config.makeApiClient(CoreV1Api);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  const seen: string[] = [];
  const watching = (resourceVersion: string) =>
    new Promise<AbortController>((resolve, reject) => {
      const note = (type: string, object: V1ConfigMap) => void seen.push(`${type} ${object.metadata?.name}`);
      new Watch(config).watch(path, { resourceVersion }, note, () => undefined).then(resolve, reject);
    });
  const watch = await watching(metadata!.resourceVersion!);
  t.after(() => watch.abort());
  const informer = makeInformer<V1ConfigMap>(config, path, () => core.listNamespacedConfigMap({ namespace }));
  const informed: string[] = [];
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (map) => void informed.push(`${verb} ${map.metadata?.name}`));
  await informer.start();
  t.after(() => informer.stop());

  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'm' }, data: { a: '1' } } });
  await core.replaceNamespacedConfigMap({ name: 'm', namespace, body: { metadata: { name: 'm' }, data: { a: '2' } } });
  await core.deleteNamespacedConfigMap({ name: 'm', namespace });
  await eventually(() => seen.length >= 3 && informed.filter((word) => word.endsWith(' m')).length >= 3);
  assert.deepEqual(seen.slice(-3), ['ADDED m', 'MODIFIED m', 'DELETED m']);
  assert.deepEqual(informed.slice(-3), ['add m', 'update m', 'delete m']);
});

test('subresources, custom objects, and objects of any kind', async (t) => {
  const config = await connect(t);
  const core = config.makeApiClient(CoreV1Api);
  const anything = KubernetesObjectApi.makeApiClient(config);
  await anything.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crons.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'crons', kind: 'Cron' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          // The client's models have underscores where Kubernetes has dashes.
          schema: { openAPIV3Schema: { type: 'object', x_kubernetes_preserve_unknown_fields: true } },
        },
      ],
    },
  } as never);
  const custom = config.makeApiClient(CustomObjectsApi);
  const crons = { group: 'example.com', version: 'v1', namespace, plural: 'crons' };
  const body = { apiVersion: 'example.com/v1', kind: 'Cron', metadata: { name: 'c' }, spec: { every: 5 } };
  await eventually(() => custom.createNamespacedCustomObject({ ...crons, body }));
  const read = (await anything.read({
    apiVersion: 'example.com/v1',
    kind: 'Cron',
    metadata: { name: 'c', namespace },
  })) as typeof body;
  assert.equal(read.spec.every, 5);

  const pod: V1Pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await core.createNamespacedPod({ namespace, body: pod });
  await eventually(async () => (await core.readNamespacedPod({ name: 'p', namespace })).status?.phase === 'Running');
  await core.createNamespacedPodEviction({ name: 'p', namespace, body: { metadata: { name: 'p', namespace } } });
  await eventually(async () => (await core.listNamespacedPod({ namespace })).items.length === 0);

  // From here on every client is the robot: they share the configuration.
  const accounts = { name: 'default', namespace };
  await eventually(() => core.readNamespacedServiceAccount(accounts));
  const { status } = await core.createNamespacedServiceAccountToken({
    ...accounts,
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  config.addUser({ name: 'robot', token: status!.token! });
  config.addContext({ name: 'robot', user: 'robot', cluster: config.getCurrentCluster()!.name });
  config.setCurrentContext('robot');
  assert.equal((await refused(core.listNamespacedSecret({ namespace }))).code, 403);
  const access = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
    body: { spec: { resourceAttributes: { verb: 'list', resource: 'secrets', namespace } } },
  });
  assert.equal(access.status?.allowed, false);
});
