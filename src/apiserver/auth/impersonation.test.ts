import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReason } from '../../api/index.ts';
import type { User } from '../request.ts';
import type { Authorizer, ResourceAttributes } from './authorize.ts';
import { asksToImpersonate, impersonated } from './impersonation.ts';

const real: User = { name: 'ada', groups: ['system:authenticated'] };

/** Allows what is listed, as `resource name` or `resource namespace/name`; remembers what was asked. */
function allowing(...allowed: readonly string[]) {
  const asked: string[] = [];
  const authorize: Authorizer = (attributes) => {
    const { verb, user, resource, namespace, name } = attributes as ResourceAttributes;
    assert.deepEqual([verb, user], ['impersonate', real]);
    const what = `${resource} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
    asked.push(what);
    return { allowed: allowed.includes(what), reason: '' };
  };
  return { asked, authorize };
}

test('without a header one is oneself, and nobody is asked', async () => {
  const { asked, authorize } = allowing();
  assert.equal(await impersonated(real, {}, authorize), real);
  assert.deepEqual(asked, []);
});

test('every header that may ask for another user is seen', () => {
  for (const header of ['user', 'group', 'uid', 'extra-scopes'])
    assert.ok(asksToImpersonate({ accept: '*/*', [`impersonate-${header}`]: 'x' }), header);
  assert.ok(!asksToImpersonate({ 'user-agent': 'impersonate-user', accept: '*/*' }));
});

test('each of user and groups needs leave', async () => {
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'devs, system:masters' };
  const { authorize } = allowing('users jane', 'groups devs', 'groups system:masters');
  assert.deepEqual(await impersonated(real, headers, authorize), {
    name: 'jane',
    groups: ['devs', 'system:masters', 'system:authenticated'],
  });
  for (const missing of ['users jane', 'groups devs', 'groups system:masters']) {
    const others = ['users jane', 'groups devs', 'groups system:masters'].filter((entry) => entry !== missing);
    await assert.rejects(
      impersonated(real, headers, allowing(...others).authorize),
      (error) => isReason(error, 'Forbidden') && error.message.includes('cannot impersonate resource'),
      missing,
    );
  }
});

test('a service account comes with its groups, and is asked for in its namespace', async () => {
  const { authorize } = allowing('serviceaccounts default/bob');
  const bob = { 'impersonate-user': 'system:serviceaccount:default:bob' };
  assert.deepEqual((await impersonated(real, bob, authorize)).groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:default',
    'system:authenticated',
  ]);
});

test('anonymous is in no group of those who are somebody', async () => {
  const { authorize } = allowing('users system:anonymous');
  const anonymous = await impersonated(real, { 'impersonate-user': 'system:anonymous' }, authorize);
  assert.deepEqual(anonymous.groups, ['system:unauthenticated']);
});

test('what would be ignored is refused', async () => {
  const { authorize } = allowing('users jane');
  for (const headers of [
    { 'impersonate-group': 'devs' },
    { 'impersonate-user': 'jane', 'impersonate-uid': '7' },
    { 'impersonate-user': 'jane', 'impersonate-extra-scopes': 'all' },
  ])
    await assert.rejects(impersonated(real, headers, authorize), (error) => isReason(error, 'BadRequest'));
});
