import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer, pod, type TestServer } from '../server.test-support.ts';

const inDefault = { namespace: 'default' } as const;
const bobsName = 'system:serviceaccount:default:bob';

async function withBob(): Promise<TestServer> {
  const server = await createTestServer();
  await server.call({ verb: 'create', resource: 'serviceaccounts', ...inDefault, body: { metadata: { name: 'bob' } } });
  return server;
}

const ask = (spec: object) =>
  ({
    verb: 'create',
    resource: 'serviceaccounts',
    ...inDefault,
    name: 'bob',
    subresource: 'token',
    body: { spec },
  }) as const;

async function tokenOf({ call }: TestServer, spec: object = {}): Promise<string> {
  return ((await call(ask(spec))).status as { token: string }).token;
}

test('a token says whose it is, and runs out', async () => {
  const server = await withBob();
  const { status, spec } = await server.call(ask({}));
  const { token, expirationTimestamp } = status as { token: string; expirationTimestamp: string };
  assert.equal((spec as { expirationSeconds: number }).expirationSeconds, 3600);
  assert.equal(Date.parse(expirationTimestamp), server.clock.now() + 3_600_000);
  const found = await server.server.tokens.check(token);
  assert.equal(found?.user.name, bobsName);
  assert.deepEqual(found.user.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:default',
    'system:authenticated',
  ]);
  await server.clock.advance(3_599_000);
  assert.ok(await server.server.tokens.check(token));
  await server.clock.advance(1_000);
  assert.equal(await server.server.tokens.check(token), undefined);
});

test('a token ends with its account, though another of that name be made', async () => {
  const server = await withBob();
  const token = await tokenOf(server);
  await server.call({ verb: 'delete', resource: 'serviceaccounts', ...inDefault, name: 'bob' });
  assert.equal(await server.server.tokens.check(token), undefined);
  await server.call({ verb: 'create', resource: 'serviceaccounts', ...inDefault, body: { metadata: { name: 'bob' } } });
  assert.equal(await server.server.tokens.check(token), undefined);
});

test('a token ends with the pod that it is bound to', async () => {
  const server = await withBob();
  const body = pod('p', {}, { serviceAccountName: 'bob' });
  await server.call({ verb: 'create', resource: 'pods', ...inDefault, body });
  const token = await tokenOf(server, { boundObjectRef: { kind: 'Pod', name: 'p' } });
  const found = await server.server.tokens.check(token);
  assert.deepEqual(found?.user.extra?.['authentication.kubernetes.io/pod-name'], ['p']);
  await server.call({ verb: 'delete', resource: 'pods', ...inDefault, name: 'p' });
  assert.equal(await server.server.tokens.check(token), undefined);
});

test('a token is for its audiences alone', async () => {
  const server = await withBob();
  const token = await tokenOf(server, { audiences: ['vault'] });
  assert.equal(await server.server.tokens.check(token), undefined, 'the API server is not vault');
  assert.deepEqual((await server.server.tokens.check(token, ['vault', 'other']))?.audiences, ['vault']);
});

test('tokens that were not made here are none', async (t) => {
  const server = await withBob();
  const [header = '', payload = '', signature = ''] = (await tokenOf(server)).split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const foreign = await tokenOf(await withBob());
  const forged: Readonly<Record<string, string>> = {
    'no signature': `${header}.${payload}.`,
    'an algorithm called none': `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    'another payload': `${header}.${encode({ ...claims, sub: 'system:serviceaccount:kube-system:root' })}.${signature}`,
    "another cluster's": foreign,
    'a fourth part': `${header}.${payload}.${signature}.x`,
    'a signature in another form': `${header}.${payload}.${Buffer.from('x'.repeat(70)).toString('base64url')}`,
    'nothing at all': '',
    'no JWT': 'secret',
    'a very long one': `${header}.${payload}.${'A'.repeat(1_000_000)}`,
  };
  for (const [name, token] of Object.entries(forged))
    await t.test(name, async () => assert.equal(await server.server.tokens.check(token), undefined));
});

test('requests for tokens that nobody should have are refused', async (t) => {
  const server = await withBob();
  await server.call({ verb: 'create', resource: 'pods', ...inDefault, body: pod('p') });
  const cases: readonly (readonly [name: string, spec: object, why: RegExp])[] = [
    ['too short a life', { expirationSeconds: 599 }, /may not specify a duration less than 10 minutes/],
    ['too long a life', { expirationSeconds: 2 ** 33 }, /may not specify a duration larger than 2\^32 seconds/],
    ['a pod that is not there', { boundObjectRef: { kind: 'Pod', name: 'none' } }, /pods "none" not found/],
    [
      "another account's pod",
      { boundObjectRef: { kind: 'Pod', name: 'p' } },
      /pod running with different serviceaccount name/,
    ],
    [
      'a pod of another UID',
      { boundObjectRef: { kind: 'Pod', name: 'p', uid: 'x' } },
      /does not match the UID in record/,
    ],
    [
      'a kind that ends nothing',
      { boundObjectRef: { kind: 'Service', name: 'p' } },
      /cannot bind token to object of type "Service"/,
    ],
  ];
  for (const [name, spec, why] of cases)
    await t.test(name, async () => assert.match((await server.fails(ask(spec))).message, why));
  assert.match((await server.fails({ ...ask({}), name: 'alice' })).message, /serviceaccounts "alice" not found/);
});

test('TokenReview tells who a token is, and of a bad one nothing', async () => {
  const server = await withBob();
  const review = async (token: string) =>
    (
      await server.call({
        verb: 'create',
        group: 'authentication.k8s.io',
        resource: 'tokenreviews',
        body: { spec: { token } },
      })
    ).status as { authenticated?: boolean; user: { username?: string }; error?: string };
  const good = await review(await tokenOf(server));
  assert.deepEqual([good.authenticated, good.user.username], [true, bobsName]);
  assert.deepEqual(await review('x.y.z'), { user: {}, error: 'invalid bearer token' });
});

test('SubjectAccessReview answers for others, SelfSubjectAccessReview for oneself, and neither is stored', async () => {
  const { call, fails } = await createTestServer();
  const jane = { name: 'jane', groups: ['system:authenticated'] };
  const group = 'authorization.k8s.io';
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' };
  const asked = { verb: 'create', group, resource: 'subjectaccessreviews' } as const;
  const root = await call({
    ...asked,
    body: { spec: { user: 'root', groups: ['system:masters'], resourceAttributes } },
  });
  assert.equal((root.status as { allowed: boolean }).allowed, true);
  const self = { verb: 'create', group, resource: 'selfsubjectaccessreviews', user: jane } as const;
  assert.deepEqual((await call({ ...self, body: { spec: { resourceAttributes } } })).status, { allowed: false });
  const nonResourceAttributes = { verb: 'get', path: '/apis/apps' };
  const path = (await call({ ...self, body: { spec: { nonResourceAttributes } } })).status as { allowed: boolean };
  assert.equal(path.allowed, true);
  assert.equal((await fails({ ...self, body: { spec: {} } })).reason, 'Invalid');
  assert.equal((await fails({ ...asked, user: jane, body: { spec: {} } })).reason, 'Forbidden');
  assert.equal((await fails({ verb: 'list', group, resource: 'subjectaccessreviews' })).reason, 'MethodNotAllowed');
});

test('SelfSubjectRulesReview and SelfSubjectReview say what and who one is', async () => {
  const { call } = await createTestServer();
  const jane = { name: 'jane', groups: ['system:authenticated'] };
  const rules = await call({
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'selfsubjectrulesreviews',
    user: jane,
    body: { spec: { namespace: 'default' } },
  });
  const { resourceRules, incomplete } = rules.status as { resourceRules: readonly object[]; incomplete: boolean };
  assert.equal(resourceRules.length, 2);
  assert.equal(incomplete, false);
  const me = await call({
    verb: 'create',
    group: 'authentication.k8s.io',
    resource: 'selfsubjectreviews',
    user: jane,
    body: {},
  });
  assert.deepEqual(me.status, { userInfo: { username: 'jane', groups: ['system:authenticated'] } });
});
