import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StatusError } from '../../api/index.ts';
import { parseQuery, parseRoute, splitUrl } from './route.ts';

test('URLs mean what they mean to Kubernetes', async (t) => {
  const cases: readonly [string, string, string, object][] = [
    ['GET', '/api/v1/pods', '', { verb: 'list', group: '', version: 'v1', resource: 'pods' }],
    ['GET', '/api/v1/namespaces/a/pods', '', { verb: 'list', resource: 'pods', namespace: 'a' }],
    ['GET', '/api/v1/namespaces/a/pods', 'watch=true', { verb: 'watch', resource: 'pods', namespace: 'a' }],
    ['GET', '/api/v1/namespaces/a/pods', 'watch', { verb: 'watch', resource: 'pods', namespace: 'a' }],
    ['GET', '/api/v1/namespaces/a/pods', 'watch=false', { verb: 'list', resource: 'pods', namespace: 'a' }],
    ['GET', '/api/v1/namespaces/a/pods/p', '', { verb: 'get', name: 'p' }],
    ['GET', '/api/v1/namespaces/a/pods/p', 'watch=1', { verb: 'get', name: 'p' }],
    ['GET', '/api/v1/namespaces/a/pods/p/log', 'watch=true', { verb: 'get', subresource: 'log' }],
    ['POST', '/api/v1/namespaces/a/pods/p/binding', '', { verb: 'create', subresource: 'binding', name: 'p' }],
    ['GET', '/api/v1/namespaces/a', '', { verb: 'get', resource: 'namespaces', name: 'a', namespace: undefined }],
    [
      'PUT',
      '/api/v1/namespaces/a/finalize',
      '',
      { verb: 'update', resource: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    [
      'PATCH',
      '/api/v1/namespaces/a/status',
      '',
      { verb: 'patch', resource: 'namespaces', name: 'a', subresource: 'status' },
    ],
    ['DELETE', '/apis/apps/v1/namespaces/a/daemonsets', '', { verb: 'deletecollection', group: 'apps' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/daemonsets/d', '', { verb: 'delete', name: 'd' }],
    ['GET', '/apis/apps/v1/daemonsets/', '', { verb: 'list', resource: 'daemonsets' }],
    ['GET', '/api/v1/watch/pods', '', { verb: 'watch', resource: 'pods', namespace: undefined }],
    [
      'GET',
      '/apis/apps/v1/watch/namespaces/a/daemonsets/d',
      '',
      { verb: 'watch', resource: 'daemonsets', namespace: 'a', name: 'd' },
    ],
    ['GET', '/api/v1/nodes/a%2Fb', '', { verb: 'get', name: 'a/b' }],
  ];
  for (const [method, path, search, expected] of cases)
    await t.test(`${method} ${path}?${search}`, () => {
      const route = {
        namespace: undefined,
        subresource: undefined,
        name: undefined,
        ...parseRoute(method, path, parseQuery(search)),
      };
      assert.equal(route.kind, 'resource');
      for (const [field, value] of Object.entries(expected))
        assert.equal((route as unknown as Record<string, unknown>)[field], value, field);
    });
});

test('what is no resource is left to the system', () => {
  for (const path of [
    '/',
    '/version',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v3/apis/apps/v1',
  ])
    assert.equal(parseRoute('GET', path, {}).kind, 'system', path);
});

test('methods that mean nothing are refused', () => {
  const refused: readonly [string, string][] = [
    ['POST', '/api/v1/namespaces/a/pods/p'],
    ['PUT', '/api/v1/namespaces/a/pods'],
    ['PATCH', '/api/v1/namespaces/a/pods'],
    ['TRACE', '/api/v1/pods'],
  ];
  for (const [method, path] of refused)
    assert.throws(() => parseRoute(method, path, {}), { reason: 'MethodNotAllowed' }, `${method} ${path}`);
  assert.throws(() => parseRoute('GET', '/api/v1/namespaces/a/pods/p/log/more', {}), { reason: 'NotFound' });
  assert.throws(() => parseRoute('GET', '/api/v1/pods/%zz', {}), { reason: 'BadRequest' });
});

test('the query begins behind the first question mark', () => {
  assert.deepEqual(splitUrl('/api/v1/pods'), ['/api/v1/pods', '']);
  assert.deepEqual(splitUrl('/api/v1/pods?limit=1&continue=a?b'), ['/api/v1/pods', 'limit=1&continue=a?b']);
  assert.deepEqual(splitUrl('?watch'), ['', 'watch']);
  assert.deepEqual(parseQuery(''), {});
});

test('the first parameter of a name counts, and hostile names stay data', () => {
  const query = parseQuery('limit=1&limit=2&__proto__=x&constructor=y');
  assert.equal(query.limit, '1');
  assert.equal(Object.getPrototypeOf(query), Object.prototype);
  assert.deepEqual(Object.keys(query), ['limit', '__proto__', 'constructor']);
});

test('no path makes the router fail with anything but a Status', () => {
  fc.assert(
    fc.property(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'), fc.string(), (method, tail) => {
      try {
        parseRoute(method, `/api/v1/${tail}`, {});
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
      }
    }),
  );
});
