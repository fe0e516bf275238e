import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rolloutPolicyDefinition } from '../../api/index.ts';
import { createApiServer } from '../../apiserver/index.ts';
import {
  leasePermissions,
  ownerPermissions,
  type Permission,
  preflightPermissions,
  readPermissions,
  writePermissions,
} from '../../controllers/daemonset/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { controllerCommand } from '../commands/controller.ts';
import { installObjects } from './manifests.ts';
import { type InstallObject, leaseName } from './names.ts';
import { defaultInstallOptions, type InstallOptions } from './options.ts';

const print = (options: Partial<InstallOptions> = {}) =>
  installObjects({ ...defaultInstallOptions('1.2.3'), ...options });

type Spec = Readonly<Record<string, unknown>>;
function only(objects: readonly InstallObject[], kind: string): InstallObject & { readonly spec: Spec } {
  const found = objects.filter((object) => object.kind === kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0] as InstallObject & { readonly spec: Spec };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly priorityClassName: string;
  readonly securityContext: object;
  readonly hostNetwork?: boolean;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly image: string;
    readonly securityContext: object;
  }[];
}
const podSpecOf = (objects: readonly InstallObject[]) =>
  (only(objects, 'Deployment').spec.template as { readonly spec: PodSpec }).spec;

const plurals: Readonly<Record<string, string>> = {
  Pod: 'pods',
  Namespace: 'namespaces',
  CustomResourceDefinition: 'customresourcedefinitions',
  ServiceAccount: 'serviceaccounts',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  PodDisruptionBudget: 'poddisruptionbudgets',
  Service: 'services',
  Deployment: 'deployments',
};

describe('what everynode install prints', () => {
  it('is accepted by the API server, in this order, with every field known', async () => {
    const server = await createApiServer({
      store: openMemoryStore(),
      clock: createVirtualClock(),
      random: seededRandom(1),
    });
    const user = { name: 'admin', groups: ['system:masters'] };
    const create = (object: InstallObject) => {
      const [version, group = ''] = object.apiVersion.split('/').toReversed();
      const { namespace } = object.metadata;
      return server.handle({
        verb: 'create',
        group,
        version: version!,
        resource: plurals[object.kind]!,
        user,
        userAgent: 'test',
        ...(namespace === undefined ? {} : { namespace }),
        body: object,
        query: { fieldValidation: 'Strict' },
      });
    };
    const objects = print();
    for (const object of objects) await create(object);
    // The server has no rules of its own for a Deployment's template: its pod has to pass as a pod.
    const { metadata, spec } = only(objects, 'Deployment');
    const template = spec.template as object;
    const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...metadata, name: 'one' } };
    await create(pod);
    await assert.rejects(create({ ...pod, metadata: { ...metadata, name: 'two' }, unknown: 1 }), /unknown/);
    await server.close();
  });

  it('grants what the controller says it needs, and not a verb more', () => {
    const objects = print();
    const role = (kind: string) => grantedBy(only(objects, kind));
    assert.deepEqual(role('ClusterRole'), needed([...readPermissions, ...writePermissions, ...ownerPermissions]));
    assert.deepEqual(role('Role'), needed([...leasePermissions(leaseName), ...preflightPermissions]));
    assert.doesNotMatch(JSON.stringify(objects.filter(({ kind }) => kind.endsWith('Role'))), /"\*"/);
  });

  it('brings the definition of RolloutPolicy along, before what may use it', () => {
    const kinds = print().map(({ kind }) => kind);
    assert.ok(kinds.indexOf('CustomResourceDefinition') < kinds.indexOf('ClusterRole'));
    assert.equal(only(print(), 'CustomResourceDefinition').spec, rolloutPolicyDefinition.spec);
  });

  it('names the lease that the controller takes when it is told nothing', () => {
    const option = controllerCommand('1.2.3').options.find(({ long }) => long === '--leader-elect-resource-name');
    assert.equal(option?.defaultValue, leaseName);
  });

  it('passes only arguments that the controller knows', () => {
    const known = new Set(controllerCommand('1.2.3').options.map(({ long }) => long));
    const [command, ...flags] = podSpecOf(print()).containers[0]!.args;
    assert.equal(command, 'controller');
    for (const flag of flags) assert.ok(known.has(flag.split('=')[0]), flag);
  });

  it('fits the restricted pod security standard', () => {
    const { securityContext, containers, hostNetwork } = podSpecOf(print());
    assert.deepEqual(securityContext, {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.equal(hostNetwork, undefined);
    assert.deepEqual(containers[0]!.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('has one selector, which its pods have and which no version changes', () => {
    const selectors = (objects: readonly InstallObject[]) => [
      (only(objects, 'Deployment').spec.selector as { matchLabels: object }).matchLabels,
      (only(objects, 'PodDisruptionBudget').spec.selector as { matchLabels: object }).matchLabels,
      only(objects, 'Service').spec.selector,
    ];
    const [first, ...rest] = selectors(print());
    for (const selector of [...rest, ...selectors(print({ version: '9.9.9' }))]) assert.deepEqual(selector, first);
    const template = only(print(), 'Deployment').spec.template as { metadata: { labels: Record<string, string> } };
    for (const [key, value] of Object.entries(first!)) assert.equal(template.metadata.labels[key], value);
  });

  it('does as its options say', () => {
    const changed = print({ createNamespace: false, namespace: 'ops', image: 'r.example/e:7', replicas: 3 });
    assert.ok(!changed.some(({ kind }) => kind === 'Namespace'));
    for (const { kind, metadata } of changed)
      assert.equal(metadata.namespace, /^(Cluster|CustomResource)/.test(kind) ? undefined : 'ops', kind);
    assert.equal(podSpecOf(changed).containers[0]!.image, 'r.example/e:7');
    assert.equal(only(changed, 'Deployment').spec.replicas, 3);
    for (const binding of changed.filter(({ kind }) => kind.endsWith('Binding')))
      assert.deepEqual(binding.subjects, [{ kind: 'ServiceAccount', name: 'everynode', namespace: 'ops' }]);
    assert.equal(only(print({ serviceMonitor: true }), 'ServiceMonitor').apiVersion, 'monitoring.coreos.com/v1');
  });
});

/** `get leases.coordination.k8s.io the-name`, sorted. */
function grantedBy(role: InstallObject): readonly string[] {
  const rules = role.rules as readonly Readonly<Record<string, readonly string[]>>[];
  return rules
    .flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      verbs!.map((verb) => `${verb} ${resources!.join()}.${apiGroups!.join()} ${resourceNames?.join() ?? ''}`),
    )
    .toSorted();
}

function needed(permissions: readonly Permission[]): readonly string[] {
  return permissions
    .flatMap(({ group, resource, verbs, name }) => verbs.map((verb) => `${verb} ${resource}.${group} ${name ?? ''}`))
    .toSorted();
}
