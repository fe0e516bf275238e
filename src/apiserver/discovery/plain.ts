// Discovery in its first form: /api, /apis, /apis/GROUP, /apis/GROUP/VERSION.
import { groupVersionOf, type ResourceDefinition } from '../resources/definition.ts';
import { compareVersions } from '../resources/version-order.ts';

/** GET /api */
export function coreVersions(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** GET /apis */
export function groupList(definitions: readonly ResourceDefinition[]): unknown {
  const groups = new Set(definitions.map(({ group }) => group));
  groups.delete('');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups].map((group) => groupEntry(group, definitions)) };
}

/** GET /apis/GROUP; undefined when there is none. */
export function group(name: string, definitions: readonly ResourceDefinition[]): unknown {
  if (name === '' || !definitions.some((definition) => definition.group === name)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(name, definitions) };
}

/** GET /api/v1, /apis/GROUP/VERSION; undefined when there is none. */
export function resourceList(groupName: string, version: string, definitions: readonly ResourceDefinition[]): unknown {
  const served = definitions.filter((definition) => definition.group === groupName && definition.version === version);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf({ group: groupName, version }),
    resources: served.flatMap(resourceEntries),
  };
}

function groupEntry(name: string, definitions: readonly ResourceDefinition[]) {
  const served = new Set(definitions.filter((d) => d.group === name).map(({ version }) => version));
  const versions = [...served]
    .toSorted(compareVersions)
    .map((version) => ({ groupVersion: groupVersionOf({ group: name, version }), version }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceEntries(definition: ResourceDefinition): readonly unknown[] {
  const { name, singular, namespaced, kind, shortNames, categories } = definition;
  return [
    {
      name,
      singularName: singular,
      namespaced,
      kind,
      verbs: definition.verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...Object.entries(definition.subresources).map(([path, subresource]) => ({
      name: `${name}/${path}`,
      singularName: '',
      namespaced,
      ...(subresource.group === undefined ? {} : { group: subresource.group, version: subresource.version }),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ];
}
