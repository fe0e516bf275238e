import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { User } from '../../request.ts';
import { createTestServer, pod, type TestServer } from '../../server.test-support.ts';

const jane: User = { name: 'jane', groups: ['system:authenticated'] };
const inDefault = { namespace: 'default', resource: 'pods' } as const;
const two = { containers: ['a', 'b'].map((name) => ({ name, image: 'i' })), nodeName: 'n' };

describe('what only a node can answer', () => {
  let server: TestServer;
  before(async () => {
    server = await createTestServer();
    const create = (resource: string, body: object) =>
      server.call({ verb: 'create', resource, ...(resource === 'nodes' ? {} : { namespace: 'default' }), body });
    await create('nodes', { metadata: { name: 'n' } });
    await create('pods', pod('one', {}, { nodeName: 'n' }));
    await create('pods', pod('two', {}, { ...two, initContainers: [{ name: 'init', image: 'i' }] }));
    await create('pods', pod('nowhere'));
  });
  const locate = async (name: string, subresource: string, search = '', user?: User) => {
    const query = Object.fromEntries(new URLSearchParams(search));
    const asked = { verb: 'get', ...inDefault, name, subresource, query, search } as const;
    const { location } = await server.respond({ ...asked, ...(user === undefined ? {} : { user }) });
    return location;
  };
  const refusal = async (name: string, subresource: string, search = '') => {
    const query = Object.fromEntries(new URLSearchParams(search));
    const { code, message } = await server.fails({ verb: 'get', ...inDefault, name, subresource, query, search });
    return `${code} ${message}`;
  };

  test('is located as a kubelet has it', async () => {
    const log = await locate('one', 'log', 'tailLines=5&follow=true&pretty=true&sinceTime=2026-01-01T00:00:00%2B01:00');
    assert.equal(log?.node.metadata.name, 'n');
    assert.equal(
      log?.path,
      '/containerLogs/default/one/main?follow=true&sinceTime=2026-01-01T00%3A00%3A00%2B01%3A00&tailLines=5',
    );
    const exec = await locate('two', 'exec', 'command=sh&command=-c&command=a%20b&container=b&stdin=true&tty=false');
    assert.equal(exec?.path, '/exec/default/two/b?input=1&command=sh&command=-c&command=a+b');
    const attach = await locate('two', 'attach', 'container=init&stdout=1&stderr=true&tty=true&command=no');
    assert.equal(attach?.path, '/attach/default/two/init?output=1&error=1&tty=1');
    const forward = await locate('one', 'portforward', 'ports=80&ports=81');
    assert.equal(forward?.path, '/portForward/default/one?port=80&port=81');
  });

  const refusals: readonly [string, string, string, string][] = [
    [
      'two',
      'log',
      '',
      '400 a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [init]',
    ],
    ['two', 'exec', 'container=c&command=ls', '400 container c is not valid for pod two'],
    ['nowhere', 'exec', 'command=ls', '400 pod nowhere does not have a host assigned'],
    ['nobody', 'log', '', '404 pods "nobody" not found'],
    [
      'one',
      'log',
      'tailLines=-1',
      '422 PodLogOptions "one" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'one',
      'log',
      'limitBytes=0',
      '422 PodLogOptions "one" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
    ],
    [
      'one',
      'log',
      'sinceSeconds=0',
      '422 PodLogOptions "one" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'one',
      'log',
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      '422 PodLogOptions "one" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    [
      'one',
      'log',
      'stream=Out',
      '422 PodLogOptions "one" is invalid: stream: Unsupported value: "Out": supported values: "All", "Stderr", "Stdout"',
    ],
    ['one', 'log', 'tailLines=x', '400 strconv.ParseInt: parsing "x": invalid syntax'],
  ];
  for (const [name, subresource, search, wanted] of refusals)
    test(`refuses ${subresource} of ${name} with ${search || 'nothing said'}`, async () => {
      assert.equal(await refusal(name, subresource, search), wanted);
    });

  test('is empty where nothing has run yet', async () => {
    const asked = { verb: 'get', ...inDefault, name: 'nowhere', subresource: 'log', query: {} } as const;
    assert.deepEqual(await server.respond(asked), { code: 200, body: '' });
  });

  test('wants the right to create: a WebSocket begins with GET, and who may only read does no more', async () => {
    const grant = async (name: string, verb: string) => {
      const group = 'rbac.authorization.k8s.io';
      const rules = [{ verbs: [verb], apiGroups: [''], resources: ['pods/exec', 'pods/log'] }];
      const where = { group, namespace: 'default' };
      await server.call({ verb: 'create', resource: 'roles', ...where, body: { metadata: { name }, rules } });
      const subjects = [{ kind: 'User', name: 'jane', apiGroup: group }];
      const roleRef = { apiGroup: group, kind: 'Role', name };
      const body = { metadata: { name }, subjects, roleRef };
      await server.call({ verb: 'create', resource: 'rolebindings', ...where, body });
    };
    const exec = (verb: 'get' | 'create') =>
      ({ verb, ...inDefault, name: 'one', subresource: 'exec', query: {}, search: 'command=ls', user: jane }) as const;
    assert.match((await server.fails(exec('get'))).message, /cannot get resource "pods\/exec"/);
    await grant('reader', 'get');
    assert.match((await server.fails(exec('get'))).message, /User "jane" cannot create resource "pods\/exec"/);
    assert.ok((await locate('one', 'log', '', jane)) !== undefined);
    await grant('user', 'create');
    assert.ok((await server.respond(exec('get'))).location !== undefined);
    assert.ok((await server.respond(exec('create'))).location !== undefined);
    const node: User = { name: 'system:node:other', groups: ['system:nodes', 'system:authenticated'] };
    assert.equal((await server.fails({ ...exec('create'), user: node })).code, 403);
  });
});
