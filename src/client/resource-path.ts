// The URL of a resource, as every Kubernetes API server spells it.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
import { type Resource, StatusError } from '../api/index.ts';

/** `/apis/apps/v1/namespaces/kube-system/daemonsets/fluentd/status`; without a name the collection. */
export function resourcePath(
  resource: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  const collection = `${root}${scope}/${resource.name}`;
  if (name === undefined) return collection;
  if (resource.namespaced && namespace === undefined)
    throw new StatusError('BadRequest', `${resource.name} "${name}": a namespace is required`);
  return `${collection}/${segment(name)}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** Query parameters in Kubernetes' names; absent ones are left out. */
export function queryString(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== false);
  if (given.length === 0) return '';
  return `?${given.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')}`;
}

/** An empty or dotted name would change which URL it is. */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw new StatusError('BadRequest', `'${text}' is no name of an object`);
  return encodeURIComponent(text);
}
