// The definition of rollout policies as the API server of the second mode gets it: the names and the status subresource.
import type { KubernetesObject, Resource } from '../../api/index.ts';
import { resources } from '../../api/index.ts';

export const definitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  name: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const { group, version, name: plural, kind } = resources.rolloutPolicies;
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export const policyDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
      },
    ],
  },
} as KubernetesObject;
