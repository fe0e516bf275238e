import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  definitionVersionAnnotation,
  isReason,
  type KubernetesObject,
  resources,
  type RolloutPolicy,
  rolloutPolicyDefinition,
  StatusError,
} from '../api/index.ts';
import { type ApiServer, createApiServer } from '../apiserver/index.ts';
import type { Client } from '../client/index.ts';
import { createVirtualClock, parseYaml, seededRandom, systemClock } from '../machinery/index.ts';
import { createLogger, silentLogger } from '../observe/index.ts';
import { openMemoryStore, type Store } from '../store/index.ts';
import { type Definition, definitions } from './definitions.ts';
import { createInProcessClient, ensureDefinitions, startCluster } from './index.ts';

const { name } = rolloutPolicyDefinition.metadata;
const clusterOptions = { nodes: 0, port: 0, clock: systemClock, random: seededRandom(1), log: silentLogger };

async function serve(t: TestContext, store: Store = openMemoryStore()): Promise<{ server: ApiServer; client: Client }> {
  const server = await createApiServer({ store, clock: createVirtualClock(), random: seededRandom(1) });
  t.after(() => server.close());
  return { server, client: createInProcessClient(server, { name: 'admin', groups: ['system:masters'] }, 'test') };
}

const common = () => ({ clock: createVirtualClock(), log: silentLogger });
const stored = (client: Client) => client.get(definitions, undefined, name);

describe('the definition of RolloutPolicy in the embedded cluster', () => {
  test('is there, and served, as soon as the cluster is', async (t) => {
    const cluster = await startCluster(clusterOptions);
    t.after(() => cluster.close());
    assert.equal(cluster.findResource('everynode.dev/v1alpha1', 'RolloutPolicy')?.name, 'rolloutpolicies');
    assert.deepEqual((await cluster.client.list(resources.rolloutPolicies)).items, []);
  });

  test('is not written again by the next start', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'everynode-test-'));
    t.after(() => rm(dataDir, { recursive: true, force: true }));
    const versions: string[] = [];
    for (let starts = 0; starts < 2; starts++) {
      const cluster = await startCluster({ ...clusterOptions, dataDir });
      versions.push((await stored(cluster.client)).metadata.resourceVersion);
      await cluster.close();
    }
    assert.equal(versions[0], versions[1]);
  });

  const change = (version: string | undefined, at: Definition): Definition => ({
    ...at,
    metadata: {
      ...at.metadata,
      labels: { mine: 'yes' },
      annotations: version === undefined ? {} : { [definitionVersionAnnotation]: version },
    },
    spec: { ...at.spec, names: { ...(at.spec.names as object), shortNames: ['other'] } },
  });
  const table: readonly (readonly [string, string | undefined, boolean])[] = [
    ['of no version', undefined, true],
    ['of an older version', '0', true],
    [
      'of the same version that differs',
      rolloutPolicyDefinition.metadata.annotations[definitionVersionAnnotation],
      true,
    ],
    ['of a version that nobody can read', 'x', true],
    ['of a newer version', '1000', false],
  ];
  for (const [what, version, replaced] of table)
    test(`one ${what} is ${replaced ? 'replaced, and what was added to it stays' : 'left alone'}`, async (t) => {
      const { server, client } = await serve(t);
      await ensureDefinitions(server, common());
      await client.update(definitions, change(version, await stored(client)));
      await ensureDefinitions(server, common());
      const { metadata, spec } = await stored(client);
      assert.equal(metadata.labels?.mine, 'yes');
      if (replaced) assert.deepEqual(spec, rolloutPolicyDefinition.spec);
      else assert.deepEqual((spec.names as { shortNames: unknown }).shortNames, ['other']);
    });

  test('is made once by API servers that start together on one store, and all of them serve it', async (t) => {
    const store = openMemoryStore();
    const servers = [await serve(t, store), await serve(t, store), await serve(t, store)];
    await Promise.all(servers.map(({ server }) => ensureDefinitions(server, common())));
    for (const { client } of servers) assert.deepEqual((await client.list(resources.rolloutPolicies)).items, []);
  });

  test('a definition that has its names keeps them, and the cluster starts with a warning', async (t) => {
    const { server, client } = await serve(t);
    const { spec } = rolloutPolicyDefinition;
    const names = { ...(spec.names as object), plural: 'others', singular: 'other' };
    await client.create(definitions, { metadata: { name: 'others.everynode.dev' }, spec: { ...spec, names } });
    const lines: string[] = [];
    const log = createLogger({ destination: { write: (line) => void lines.push(line) } });
    const clock = createVirtualClock();
    const ensured = ensureDefinitions(server, { clock, log });
    while (lines.length === 0) {
      await new Promise(setImmediate);
      await clock.advance(1_000);
    }
    await ensured;
    assert.match(lines.join(''), /not served/);
    await assert.rejects(client.list(resources.rolloutPolicies), (error) => isReason(error, 'NotFound'));
  });

  test('one with another scope cannot be replaced: the cluster starts with a warning', async (t) => {
    const { server, client } = await serve(t);
    await client.create(definitions, {
      metadata: { name },
      spec: { ...rolloutPolicyDefinition.spec, scope: 'Cluster' },
    });
    const lines: string[] = [];
    const log = createLogger({ destination: { write: (line) => void lines.push(line) } });
    await ensureDefinitions(server, { ...common(), log });
    assert.match(lines.join(''), /spec\.scope.*cannot become ours/);
  });
});

describe('what its schema says', () => {
  const policy = (spec: object): RolloutPolicy => ({
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: { name: 'agent', namespace: 'default' },
    spec: { targetRef: { name: 'agent' }, ...spec },
  });
  const served = async (t: TestContext) => {
    const { server, client } = await serve(t);
    await ensureDefinitions(server, common());
    return client;
  };

  test('fills in what is not said', async (t) => {
    const client = await served(t);
    const { spec } = await client.create(resources.rolloutPolicies, policy({ waves: [{ name: 'canary', nodes: 1 }] }));
    assert.deepEqual(spec, {
      targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent' },
      waves: [{ name: 'canary', nodes: 1, soakSeconds: 0, approval: 'Automatic' }],
      progressDeadlineSeconds: 600,
      onFailure: 'Hold',
    });
  });

  const waves = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `w${index}` }));
  const first = (wave: object) => ({ waves: [{ name: 'canary', ...wave }] });
  const good: readonly (readonly [string, object])[] = [
    ['no wave at all', {}],
    ['64 waves', { waves: waves(64) }],
    ['1%', first({ nodes: '1%' })],
    ['100%', first({ nodes: '100%' })],
    ['a selector', first({ nodeSelector: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] } })],
    ['a selector of everything', first({ nodeSelector: {} })],
    ['thirty days', { ...first({ soakSeconds: 2_592_000 }), progressDeadlineSeconds: 2_592_000 }],
  ];
  for (const [what, spec] of good)
    test(`takes ${what}`, async (t) => {
      const client = await served(t);
      await client.create(resources.rolloutPolicies, policy(spec));
    });

  const bad: readonly (readonly [string, object, RegExp])[] = [
    ['no DaemonSet', { targetRef: undefined }, /spec\.targetRef: Required value/],
    ['no name of it', { targetRef: {} }, /spec\.targetRef\.name: Required value/],
    ['an empty name of it', { targetRef: { name: '' } }, /spec\.targetRef\.name.*at least 1 chars/],
    [
      'another kind',
      { targetRef: { name: 'a', kind: 'Deployment' } },
      /targetRef\.kind.*supported values: "DaemonSet"/,
    ],
    ['65 waves', { waves: waves(65) }, /spec\.waves: Too many: 65: must have at most 64 items/],
    ['two waves of one name', { waves: [{ name: 'a' }, { name: 'a' }] }, /spec\.waves\[1\]: Duplicate value/],
    ['a wave without a name', { waves: [{ nodes: 1 }] }, /spec\.waves\[0\]\.name: Required value/],
    ['a name that is none', first({ name: 'Canary' }), /spec\.waves\[0\]\.name.*should match/],
    ["the rest's name", first({ name: 'rest' }), /spec\.waves\[0\]\.name.*must not validate the schema \(not\)/],
    ['no nodes', first({ nodes: 0 }), /spec\.waves\[0\]\.nodes.*greater than or equal to 1/],
    ['0%', first({ nodes: '0%' }), /spec\.waves\[0\]\.nodes.*should match/],
    ['101%', first({ nodes: '101%' }), /spec\.waves\[0\]\.nodes.*should match/],
    ['a number as text', first({ nodes: '3' }), /spec\.waves\[0\]\.nodes.*should match/],
    ['half a node', first({ nodes: 0.5 }), /spec\.waves\[0\]\.nodes.*must be of type integer,string/],
    ['time that runs back', first({ soakSeconds: -1 }), /spec\.waves\[0\]\.soakSeconds.*greater than or equal to 0/],
    ['more than thirty days', first({ soakSeconds: 2_592_001 }), /soakSeconds.*less than or equal to 2592000/],
    ['an approval that there is not', first({ approval: 'Maybe' }), /approval: Unsupported value: "Maybe"/],
    ['no time at all', { progressDeadlineSeconds: 0 }, /progressDeadlineSeconds.*greater than or equal to 1/],
    ['a wrong operator', first({ nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Gt' }] } }), /operator/],
    ['two wrong fields: both are told', { onFailure: 'Undo', paused: 'no' }, /paused[^]*onFailure|onFailure[^]*paused/],
  ];
  for (const [what, spec, message] of bad)
    test(`refuses ${what}`, async (t) => {
      const client = await served(t);
      await assert.rejects(client.create(resources.rolloutPolicies, policy(spec)), (error) => {
        assert.ok(error instanceof StatusError && error.reason === 'Invalid');
        assert.match(error.message, message);
        return true;
      });
    });

  test('a policy needs a spec', async (t) => {
    const client = await served(t);
    const { spec: _, ...rest } = policy({});
    await assert.rejects(client.create(resources.rolloutPolicies, rest as RolloutPolicy), /spec: Required value/);
  });

  test('keeps everything that the controller writes, and of nobody else', async (t) => {
    const client = await served(t);
    const status = {
      observedGeneration: 1,
      daemonSetUID: 'u',
      revision: 'r',
      provenRevision: 'p',
      badRevision: 'r',
      phase: 'Soaking',
      message: 'm',
      openWaves: 1,
      waves: [{ name: 'canary', nodes: 1, updated: 1, available: 1, rankMax: 4_294_967_295 }, { name: 'rest' }],
      soakingSince: '2026-11-26T22:00:00Z',
      settledMost: 1,
      progressedAt: '2026-11-26T22:00:00Z',
      conditions: [{ type: 'Accepted', status: 'True', lastTransitionTime: '2026-11-26T22:00:00Z' }],
    } as unknown as NonNullable<RolloutPolicy['status']>;
    const made = await client.create(resources.rolloutPolicies, { ...policy({}), status });
    assert.equal(made.status, undefined);
    const written = await client.update(resources.rolloutPolicies, { ...made, status }, { subresource: 'status' });
    assert.deepEqual(written.status, status);
    assert.equal(written.metadata.generation, 1);
  });
});

test('the examples are taken with every field known', async (t) => {
  const { server } = await serve(t);
  await ensureDefinitions(server, common());
  const directory = join(import.meta.dirname, '../../examples');
  const objects = globSync('*.yaml', { cwd: directory }).flatMap((file) =>
    parseYaml(readFileSync(join(directory, file), 'utf8')),
  ) as (KubernetesObject & { kind: string; apiVersion: string })[];
  assert.ok(objects.some(({ kind }) => kind === 'RolloutPolicy'));
  for (const body of objects) {
    const definition = server.resources
      .all()
      .find(
        ({ kind, group, version }) =>
          kind === body.kind && `${group}/${version}`.replace(/^\//, '') === body.apiVersion,
      );
    const { group, version, name: resource, namespaced } = definition!;
    await server.handle({
      verb: 'create',
      group,
      version,
      resource,
      ...(namespaced ? { namespace: body.metadata.namespace ?? 'default' } : {}),
      user: { name: 'admin', groups: ['system:masters'] },
      userAgent: 'test',
      body,
      query: { fieldValidation: 'Strict' },
    });
  }
});
