// Aggregated discovery: everything of /api or /apis in one answer (KEP-3352). kubectl asks for it since 1.27.
import type { ResourceDefinition } from '../resources/definition.ts';
import { compareVersions } from '../resources/version-order.ts';

export type DiscoveryVersion = 'v2' | 'v2beta1';

export function aggregatedContentType(version: DiscoveryVersion): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

/** `definitions` are those of the core group for /api, all others for /apis. */
export function aggregatedGroups(definitions: readonly ResourceDefinition[], version: DiscoveryVersion): unknown {
  const groups = Map.groupBy(definitions, ({ group }) => group);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...groups].map(([name, members]) => ({
      metadata: { name },
      versions: [...Map.groupBy(members, (member) => member.version)]
        .toSorted(byVersion)
        .map(([served, resources]) => ({
          version: served,
          freshness: 'Current',
          resources: resources.map(resourceEntry),
        })),
    })),
  };
}

function byVersion([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareVersions(a, b);
}

function resourceEntry(definition: ResourceDefinition): unknown {
  const { group, version, kind, name, namespaced, singular, shortNames, categories } = definition;
  const subresources = Object.entries(definition.subresources).map(([path, subresource]) => ({
    subresource: path,
    responseKind: {
      group: subresource.group ?? group,
      version: subresource.version ?? version,
      kind: subresource.kind,
    },
    verbs: subresource.verbs,
  }));
  return {
    resource: name,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: definition.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}
