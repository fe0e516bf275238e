// Names and labels that the installed objects share.
import type { KubernetesObject, ObjectMeta } from '../../api/index.ts';
import type { InstallOptions } from './options.ts';

/** An object as it is printed. */
export interface InstallObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

export const name = 'everynode';
/** The default of `everynode controller --leader-elect-resource-name`. */
export const leaseName = 'everynode-daemonset-controller';
export const ports = { metrics: 8080, health: 8081 } as const;

/** By which the Deployment, the Service and the disruption budget know their pods: never changes between versions. */
export const selectorLabels = {
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': 'daemonset-controller',
} as const;

export function labels({ version }: InstallOptions): Readonly<Record<string, string>> {
  return { ...selectorLabels, 'app.kubernetes.io/version': version };
}

export function metadata(options: InstallOptions): ObjectMeta {
  return { name, namespace: options.namespace, labels: labels(options) };
}

/** Of an object that belongs to no namespace. */
export function clusterMetadata(options: InstallOptions): ObjectMeta {
  return { name, labels: labels(options) };
}
