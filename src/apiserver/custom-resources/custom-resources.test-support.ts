// For tests: the definition of a CronTab, the example of Kubernetes' documentation, and calls for its objects.
import type { AnyObject, TestServer } from '../server.test-support.ts';
import type { SchemaProps } from './types.ts';

export const group = 'stable.example.com';
export const cronTabs = { group, version: 'v1', resource: 'crontabs', namespace: 'default' } as const;

export const specSchema: SchemaProps = {
  type: 'object',
  required: ['cronSpec'],
  properties: {
    cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
    image: { type: 'string', default: 'busybox' },
    replicas: { type: 'integer', minimum: 1, maximum: 10 },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: {
        type: 'object',
        required: ['port'],
        properties: {
          port: { type: 'integer' },
          protocol: { type: 'string', default: 'TCP' },
          note: { type: 'string' },
        },
      },
    },
    labels: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string', maxLength: 63 } } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

export function definition(
  spec: Readonly<Record<string, unknown>> = {},
  version: Readonly<Record<string, unknown>> = {},
): AnyObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: specSchema,
                status: {
                  type: 'object',
                  properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } },
                },
              },
            },
          },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.labelSelector',
            },
          },
          additionalPrinterColumns: [
            { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
            { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          ...version,
        },
      ],
      ...spec,
    },
  };
}

export function cronTab(name: string, spec: Readonly<Record<string, unknown>> = {}): AnyObject {
  return {
    apiVersion: 'stable.example.com/v1',
    kind: 'CronTab',
    metadata: { name },
    spec: { cronSpec: '* * * * */5', ...spec },
  };
}

export const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' } as const;

/** Creates the definition and waits until it is settled. */
export async function define(server: TestServer, body: AnyObject = definition()): Promise<AnyObject> {
  await server.call({ ...definitions, verb: 'create', body });
  await settled();
  return server.call({ ...definitions, verb: 'get', name: body.metadata.name! });
}

/** Lets everything that waits for nothing but the store run to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}
