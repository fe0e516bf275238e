// What the fuzzers have found in the API server, one by one: each of these was a 500, a write that was refused and made,
// or a request that took minutes. (November 2026; bodies that cost too much are in bombs.test.ts.)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeProtobuf } from './support/protobuf.ts';
import { type Api, openApi } from './support/api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

const json = 'application/json';
const jsonPatch = 'application/json-patch+json';
const namespaced = '/api/v1/namespaces/default';
const sets = '/apis/apps/v1/namespaces/default/daemonsets';
const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const named = { metadata: { name: 'found' } };

type Found = readonly [name: string, method: string, path: string, type: string, body: unknown, code: number];
const findings: readonly Found[] = [
  ['a parameter of the answer that is wrong', 'POST', `${namespaced}/configmaps?includeObject=boom`, json, named, 400],
  [
    'a pod in protobuf without containers',
    'POST',
    `${namespaced}/pods`,
    'application/vnd.kubernetes.protobuf',
    { apiVersion: 'v1', kind: 'Pod', ...named, spec: { restartPolicy: 'Always' } },
    422,
  ],
  ['a binding to no role', 'POST', `${roles}/rolebindings`, json, named, 422],
  [
    'an apiVersion with a toString of its own',
    'POST',
    `${namespaced}/configmaps`,
    json,
    { ...named, apiVersion: { toString: 'x' } },
    400,
  ],
  [
    'a kind with a toString of its own',
    'POST',
    `${namespaced}/configmaps`,
    json,
    { ...named, kind: { toString: 'x' } },
    400,
  ],
  [
    'an apply that makes an object without metadata',
    'PATCH',
    `${sets}/new?fieldManager=f`,
    'application/apply-patch+yaml',
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
    422,
  ],
  ['all namespaces at once, of which some may not go', 'DELETE', '/api/v1/namespaces', json, {}, 405],
  [
    'a JSON patch into a text',
    'PATCH',
    `${sets}/a`,
    jsonPatch,
    [{ op: 'add', path: '/apiVersion/new', value: '' }],
    422,
  ],
  [
    'a JSON patch that tests for a toString',
    'PATCH',
    `${sets}/a`,
    jsonPatch,
    [{ op: 'test', path: '/metadata/namespace', value: { toString: 'x' } }],
    422,
  ],
  ['a NUL in the name of a role', 'POST', `${roles}/roles`, json, { metadata: { name: 'a\0b' } }, 422],
];

for (const [name, method, path, type, body, code] of findings)
  test(name, async () => {
    const bytes = type.endsWith('protobuf')
      ? encodeProtobuf(body as Readonly<Record<string, unknown>>)!
      : Buffer.from(JSON.stringify(body));
    const answer = await api.check({ method, path, type, body: bytes });
    assert.equal(answer.code, code, answer.text);
  });
