import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openApiV2, openApiV3, openApiV3Index, type OpenApiResource } from './index.ts';

const resources: readonly OpenApiResource[] = [
  { group: '', version: 'v1', name: 'pods', kind: 'Pod', namespaced: true, subresources: ['status'] },
  { group: '', version: 'v1', name: 'nodes', kind: 'Node', namespaced: false },
  { group: 'apps', version: 'v1', name: 'daemonsets', kind: 'DaemonSet', namespaced: true, subresources: ['status'] },
  { group: 'made.up', version: 'v1', name: 'things', kind: 'Thing', namespaced: true },
];

interface Document {
  readonly definitions: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly patch?: {
          readonly parameters: readonly { readonly name: string }[];
          readonly 'x-kubernetes-group-version-kind': unknown;
        };
      }
    >
  >;
}

/** Every $ref below a value. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => (key === '$ref' ? [String(part)] : references(part)));
}

describe('the OpenAPI documents', () => {
  const second = openApiV2(resources) as Document;
  const third = openApiV3('apps/v1', resources) as unknown as Document;

  test('refer to nothing that they do not define', () => {
    for (const reference of references(second))
      assert.ok(Object.hasOwn(second.definitions, reference.replace('#/definitions/', '')), reference);
    for (const reference of references(third))
      assert.ok(Object.hasOwn(third.components.schemas, reference.replace('#/components/schemas/', '')), reference);
  });

  test('say that PATCH of a DaemonSet knows fieldValidation, by which kubectl leaves validation to the server', () => {
    for (const document of [second, third]) {
      const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}']?.patch;
      assert.ok(patch !== undefined && patch.parameters.some(({ name }) => name === 'fieldValidation'));
      assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: 'apps', version: 'v1', kind: 'DaemonSet' });
    }
  });

  test('carry the merge keys', () => {
    const podSpec = second.definitions['io.k8s.api.core.v1.PodSpec'] as {
      readonly properties: Readonly<Record<string, unknown>>;
    };
    assert.deepEqual(podSpec.properties['containers'], {
      type: 'array',
      items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    });
  });

  test('of one group version hold its paths only', () => {
    assert.ok(Object.keys(third.paths).every((path) => path.startsWith('/apis/apps/v1/')));
    assert.equal(openApiV3('apps/v2', resources), undefined);
  });

  test('are listed with a hash that follows their content', () => {
    const index = openApiV3Index(resources) as {
      readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
    };
    assert.deepEqual(Object.keys(index.paths), ['api/v1', 'apis/apps/v1', 'apis/made.up/v1']);
    assert.match(index.paths['api/v1']!.serverRelativeURL, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
    assert.deepEqual(openApiV3Index(resources), index);
    assert.notDeepEqual(openApiV3Index(resources.slice(1)), index);
  });

  test('give a kind without a schema its paths and no definition', () => {
    assert.ok('/apis/made.up/v1/namespaces/{namespace}/things/{name}' in second.paths);
    assert.ok(!Object.keys(second.definitions).some((name) => name.includes('Thing')));
  });
});
