import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupList, resourceList } from '../discovery/plain.ts';
import { createOpenApiDocuments } from '../openapi/documents.ts';
import { objectTable } from '../printing/table.ts';
import { seededRandom } from '../../machinery/index.ts';
import { createApiServer } from '../server.ts';
import { type AnyObject, createTestServer } from '../server.test-support.ts';
import { cronTab, cronTabs, define, definition, definitions, settled } from './custom-resources.test-support.ts';

const conditions = (object: AnyObject) =>
  (object.status as { conditions: { type: string; status: string }[] }).conditions.map(
    ({ type, status }) => `${type}=${status}`,
  );

describe('a definition', () => {
  test('is established, and its resource is served, discovered and described', async () => {
    const server = await createTestServer();
    const made = await define(server);
    assert.deepEqual(conditions(made), ['NamesAccepted=True', 'Established=True']);
    assert.deepEqual((made.status as { storedVersions: unknown }).storedVersions, ['v1']);
    assert.equal((made.status as { acceptedNames: { listKind: string } }).acceptedNames.listKind, 'CronTabList');

    const all = server.server.resources.all();
    assert.match(JSON.stringify(groupList(all)), /"stable.example.com\/v1"/);
    assert.match(JSON.stringify(resourceList('stable.example.com', 'v1', all)), /"crontabs\/scale".*"Scale"/);
    const documents = createOpenApiDocuments(server.server.resources);
    assert.match(documents.json('v3/apis/stable.example.com/v1')!, /com\.example\.stable\.v1\.CronTab"/);
    assert.match(documents.json('v2')!, /com\.example\.stable\.v1\.CronTabList"/);
    assert.ok(documents.v2Protobuf().length > 0);
    const list = await server.call({ ...cronTabs, verb: 'list' });
    assert.equal(list.kind, 'CronTabList');
  });

  test('does not get names that another one of its group has, until they are free', async () => {
    const server = await createTestServer();
    await define(server);
    const body = {
      ...definition({ names: { plural: 'others', singular: 'other', kind: 'CronTab' } }),
      metadata: { name: 'others.stable.example.com' },
    };
    const second = await define(server, body);
    assert.deepEqual(conditions(second), ['NamesAccepted=False', 'Established=False']);
    assert.match(JSON.stringify(second.status), /"KindConflict".*\\"CronTab\\" is already in use/);
    assert.equal(server.server.resources.find('stable.example.com', 'v1', 'others'), undefined);

    await server.call({ ...definitions, verb: 'delete', name: 'crontabs.stable.example.com' });
    await settled();
    assert.ok(server.server.resources.find('stable.example.com', 'v1', 'others') !== undefined);
  });

  test('goes after its objects have gone, and takes no new ones meanwhile', async () => {
    const server = await createTestServer();
    await define(server);
    await server.call({ ...cronTabs, verb: 'create', body: cronTab('quick') });
    const held = cronTab('held');
    await server.call({
      ...cronTabs,
      verb: 'create',
      body: { ...held, metadata: { name: 'held', finalizers: ['example.com/wait'] } },
    });
    const watch = await server.watch(cronTabs);
    await server.call({ ...definitions, verb: 'delete', name: 'crontabs.stable.example.com' });
    await settled();
    const leaving = await server.call({ ...definitions, verb: 'get', name: 'crontabs.stable.example.com' });
    assert.match(JSON.stringify(leaving.status), /InstanceDeletionInProgress/);
    const refused = await server.fails({ ...cronTabs, verb: 'create', body: cronTab('late') });
    assert.equal(refused.code, 405);
    const list = await server.call({ ...cronTabs, verb: 'list' });
    assert.equal((list.items as unknown[]).length, 1);

    const patch = { metadata: { finalizers: null } };
    await server.call({
      ...cronTabs,
      verb: 'patch',
      name: 'held',
      patchType: 'application/merge-patch+json',
      body: patch,
    });
    await server.clock.advance(1000);
    await settled();
    const gone = await server.fails({ ...definitions, verb: 'get', name: 'crontabs.stable.example.com' });
    assert.equal(gone.code, 404);
    assert.equal((await server.fails({ ...cronTabs, verb: 'list' })).code, 404);
    assert.equal(watch.ended(), true);
  });
});

describe('objects of a definition', () => {
  test('are pruned, defaulted, and told of unknown fields', async () => {
    const server = await createTestServer();
    await define(server);
    const body = cronTab('one', { unknown: 1, free: { anything: [1] }, ports: [{ port: 80, extra: true }] });
    const answer = await server.respond({ ...cronTabs, verb: 'create', body });
    const spec = {
      cronSpec: '* * * * */5',
      free: { anything: [1] },
      ports: [{ port: 80, protocol: 'TCP' }],
      image: 'busybox',
    };
    assert.deepEqual((answer.body as { spec: unknown }).spec, spec);
    assert.deepEqual(answer.warnings, ['unknown field "spec.unknown"', 'unknown field "spec.ports[0].extra"']);
    const strict = await server.fails({ ...cronTabs, verb: 'create', body, query: { fieldValidation: 'Strict' } });
    assert.match(
      strict.message,
      /CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.unknown"/,
    );
  });

  test('are refused in the words of kube-apiserver', async () => {
    const server = await createTestServer();
    await define(server);
    const cases: readonly (readonly [Record<string, unknown>, string])[] = [
      [
        { cronSpec: 'often' },
        String.raw`spec.cronSpec: Invalid value: "often": spec.cronSpec in body should match '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$'`,
      ],
      [
        { cronSpec: 5 },
        'spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"',
      ],
      [{ cronSpec: undefined }, 'spec.cronSpec: Required value'],
      [{ replicas: 0 }, 'spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1'],
      [
        { replicas: 'two' },
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      ],
      [{ ports: [{ port: 1 }, { port: 1 }] }, 'spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}'],
    ];
    for (const [spec, message] of cases) {
      const refused = await server.fails({ ...cronTabs, verb: 'create', body: cronTab('bad', spec) });
      assert.equal(refused.message, `CronTab.stable.example.com "bad" is invalid: ${message}`);
      assert.equal(refused.code, 422);
    }
  });

  test('count generations, keep status apart, scale, and print their columns', async () => {
    const server = await createTestServer();
    await define(server);
    await server.call({
      ...cronTabs,
      verb: 'create',
      body: { ...cronTab('one', { replicas: 2 }), status: { replicas: 9 } },
    });
    const merge = { ...cronTabs, verb: 'patch', name: 'one', patchType: 'application/merge-patch+json' } as const;
    const status = { replicas: 1, labelSelector: 'app=one' };
    const metadata = { labels: { a: 'b' }, finalizers: ['example.com/hold'] };
    const reported = await server.call({ ...merge, subresource: 'status', body: { metadata, status } });
    assert.deepEqual(reported['status'], status);
    assert.deepEqual([reported.metadata.labels, reported.metadata.finalizers], [undefined, undefined]);
    const scale = await server.call({ ...cronTabs, verb: 'get', name: 'one', subresource: 'scale' });
    assert.deepEqual([scale.spec, scale.status], [{ replicas: 2 }, { replicas: 1, selector: 'app=one' }]);
    await server.call({ ...merge, subresource: 'scale', body: { spec: { replicas: 5 } } });
    const refused = await server.fails({ ...merge, subresource: 'scale', body: { spec: { replicas: 50 } } });
    assert.match(refused.message, /should be less than or equal to 10/);
    const now = await server.call({ ...cronTabs, verb: 'get', name: 'one' });
    assert.equal(now.metadata.generation, 2);
    assert.equal((now.spec as { replicas: number }).replicas, 5);
    const table = objectTable(server.server.resources.find('stable.example.com', 'v1', 'crontabs')!, now, {
      includeObject: 'None',
      now: server.clock.now() + 90_000,
    });
    assert.deepEqual(table.rows, [{ cells: ['one', '* * * * */5', 5, '90s'] }]);
  });

  test('are applied by the list keys of their schema', async () => {
    const server = await createTestServer();
    await define(server);
    const apply = (manager: string, ports: readonly unknown[]) =>
      server.call({
        ...cronTabs,
        verb: 'patch',
        name: 'one',
        patchType: 'application/apply-patch+yaml',
        query: { fieldManager: manager },
        body: cronTab('one', { ports }),
      });
    await apply('a', [{ port: 80, note: 'web' }]);
    const both = await apply('b', [{ port: 443 }]);
    assert.deepEqual((both.spec as { ports: unknown }).ports, [
      { port: 80, protocol: 'TCP', note: 'web' },
      { port: 443, protocol: 'TCP' },
    ]);
    const left = await apply('a', []);
    assert.deepEqual((left.spec as { ports: unknown }).ports, [{ port: 443, protocol: 'TCP' }]);
  });

  test('are the same objects in every version', async () => {
    const server = await createTestServer();
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await define(
      server,
      definition({
        versions: [
          { name: 'v1beta1', served: true, storage: false, schema, deprecated: true },
          { name: 'v1', served: true, storage: true, schema },
          { name: 'v1alpha1', served: false, storage: false, schema },
        ],
      }),
    );
    await server.call({
      ...cronTabs,
      version: 'v1beta1',
      verb: 'create',
      body: { ...cronTab('one'), apiVersion: 'stable.example.com/v1beta1' },
    });
    assert.equal((await server.call({ ...cronTabs, verb: 'get', name: 'one' })).apiVersion, 'stable.example.com/v1');
    const old = await server.respond({ ...cronTabs, version: 'v1beta1', verb: 'get', name: 'one' });
    assert.equal((old.body as { apiVersion: string }).apiVersion, 'stable.example.com/v1beta1');
    assert.deepEqual(old.warnings, ['stable.example.com/v1beta1 CronTab is deprecated']);
    assert.equal((await server.fails({ ...cronTabs, version: 'v1alpha1', verb: 'list' })).code, 404);
    const text = JSON.stringify(groupList(server.server.resources.all()));
    assert.match(text, /"preferredVersion":\{"groupVersion":"stable.example.com\/v1"/);
  });
});

describe('a definition is refused', () => {
  const root = (schema: unknown) => definition({}, { schema: { openAPIV3Schema: schema } });
  const field = (schema: unknown) => root({ type: 'object', properties: { spec: schema } });
  const at = 'spec.versions[0].schema.openAPIV3Schema';
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      'its name is not made of plural and group',
      { ...definition(), metadata: { name: 'x' } },
      'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
    ],
    [
      'no version is the stored one',
      definition({}, { storage: false }),
      'must have exactly one version marked as storage version',
    ],
    [
      'it has no schema',
      definition({}, { schema: undefined }),
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    ['the root has no type', root({}), `${at}.type: Required value: must not be empty at the root`],
    [
      'a field has no type',
      field({ description: 'x' }),
      `${at}.properties[spec].type: Required value: must not be empty for specified object fields`,
    ],
    [
      'an item has no type',
      field({ type: 'array', items: { minimum: 1 } }),
      `${at}.properties[spec].items.type: Required value: must not be empty for specified array items`,
    ],
    [
      'a list says nothing of its items',
      field({ type: 'array' }),
      `${at}.properties[spec].items: Required value: must be specified`,
    ],
    [
      'a combination has a type',
      field({ type: 'string', anyOf: [{ type: 'string' }] }),
      `${at}.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [
      'properties and additionalProperties meet',
      field({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
      'mutual exclusive',
    ],
    ['a pattern is none', field({ type: 'string', pattern: '(' }), 'must be a valid regular expression'],
    [
      'a default does not fit',
      field({ type: 'integer', default: 'x' }),
      `${at}.properties[spec].default: Invalid value: "x"`,
    ],
    [
      'a list key is no property',
      field({
        type: 'array',
        items: { type: 'object' },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a'],
      }),
      'entries must all be names of item properties',
    ],
    ['it refers to another schema', field({ $ref: '#/x', type: 'object' }), '$ref is not supported'],
    [
      'metadata is restricted',
      root({
        type: 'object',
        properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
      }),
      'must not specify anything other than name and generateName',
    ],
    [
      'it wants a webhook',
      definition({ conversion: { strategy: 'Webhook' } }),
      'spec.conversion.strategy: Unsupported value: "Webhook"',
    ],
    [
      'its group is protected',
      { ...definition({ group: 'x.k8s.io' }), metadata: { name: 'crontabs.x.k8s.io' } },
      'protected groups must have approval annotation',
    ],
  ];
  for (const [why, body, message] of cases)
    test(`because ${why}`, async () => {
      const server = await createTestServer();
      const refused = await server.fails({ ...definitions, verb: 'create', body });
      assert.equal(refused.code, 422, refused.message);
      assert.ok(refused.message.includes(message), refused.message);
    });

  test('never because of x-kubernetes-validations: they are kept with a warning', async () => {
    const server = await createTestServer();
    const rules = [{ rule: 'self > 0' }];
    const body = field({ type: 'integer', 'x-kubernetes-validations': rules });
    const { warnings } = await server.respond({ ...definitions, verb: 'create', body });
    assert.deepEqual(warnings, ['version v1: x-kubernetes-validations are kept but not evaluated by this server']);
  });
});

test('a server that starts on a store with definitions serves them at once', async () => {
  const first = await createTestServer();
  await define(first);
  await first.call({ ...cronTabs, verb: 'create', body: cronTab('one') });
  const { clock, store } = first;
  const second = await createApiServer({ store, clock, random: seededRandom(2) });
  assert.ok(second.resources.find('stable.example.com', 'v1', 'crontabs') !== undefined);
  await first.call({ ...definitions, verb: 'delete', name: 'crontabs.stable.example.com' });
  await settled();
  assert.equal(second.resources.find('stable.example.com', 'v1', 'crontabs'), undefined, 'one store, one cluster');
  await Promise.all([first.server.close(), second.close()]);
});

test('a changed definition shows what was stored before with its new defaults', async () => {
  const server = await createTestServer();
  await define(server);
  await server.call({ ...cronTabs, verb: 'create', body: cronTab('one') });
  const patch = [
    {
      op: 'add',
      path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/zone',
      value: { type: 'string', default: 'UTC' },
    },
  ];
  await server.call({
    ...definitions,
    verb: 'patch',
    name: 'crontabs.stable.example.com',
    patchType: 'application/json-patch+json',
    body: patch,
  });
  await settled();
  const found = await server.call({ ...cronTabs, verb: 'get', name: 'one' });
  assert.equal((found.spec as { zone: string }).zone, 'UTC');
  assert.equal(found.metadata.generation, 1);
});
