// Names of the resources this house works with: enough to build a URL or a lookup key, typed by what they hold.
import type { ControllerRevision, DaemonSet } from './apps.ts';
import type { ConfigMap, Event, Lease, Namespace, Node, Pod, Secret, ServiceAccount } from './core.ts';
import type { KubernetesObject } from './meta.ts';
import type { RolloutPolicy } from './rollout-policy.ts';

/** A REST resource. The type parameter is what its objects look like; it has no value at run time. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural of the URL: `daemonsets`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Holds raw JSON (runtime.RawExtension) that an API server keeps byte for byte. */
  readonly keepsRawJson?: true;
  /** What is read of it is written to other objects, so that no digit of a number may be lost (decodeJson). */
  readonly exactNumbers?: true;
  readonly __object?: T;
}

const core = (name: string, kind: string, namespaced: boolean) => ({
  group: '',
  version: 'v1',
  name,
  kind,
  namespaced,
});

export const pods: Resource<Pod> = core('pods', 'Pod', true);
export const nodes: Resource<Node> = core('nodes', 'Node', false);
export const namespaces: Resource<Namespace> = core('namespaces', 'Namespace', false);
export const events: Resource<Event> = core('events', 'Event', true);
export const serviceAccounts: Resource<ServiceAccount> = core('serviceaccounts', 'ServiceAccount', true);
export const configMaps: Resource<ConfigMap> = core('configmaps', 'ConfigMap', true);
export const secrets: Resource<Secret> = core('secrets', 'Secret', true);
export const daemonSets: Resource<DaemonSet> = {
  group: 'apps',
  version: 'v1',
  name: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
  exactNumbers: true,
};
export const controllerRevisions: Resource<ControllerRevision> = {
  group: 'apps',
  version: 'v1',
  name: 'controllerrevisions',
  kind: 'ControllerRevision',
  namespaced: true,
  keepsRawJson: true,
  exactNumbers: true,
};
export const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  name: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export const rolloutPolicies: Resource<RolloutPolicy> = {
  group: 'everynode.dev',
  version: 'v1alpha1',
  name: 'rolloutpolicies',
  kind: 'RolloutPolicy',
  namespaced: true,
};

/** `v1`, `apps/v1`: what stands in an object's apiVersion field. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
