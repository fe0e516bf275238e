import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import { type Client, createFakeClient } from '../../client/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { missingPermissions, type NeededPermission } from './permissions.ts';

const needed: readonly NeededPermission[] = [
  { group: '', resource: 'pods', verbs: ['create', 'delete'] },
  { group: 'apps', resource: 'daemonsets/status', verbs: ['update'] },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get'], name: 'l', namespace: 'n' },
];

/** An API server that answers each review with `allowed`, or with an error. */
const server = (allowed: (attributes: Readonly<Record<string, string>>) => boolean | StatusError) => {
  const asked: Readonly<Record<string, string>>[] = [];
  const fake = createFakeClient({ clock: createVirtualClock(), random: seededRandom(1) });
  const create = async (_resource: unknown, review: KubernetesObject) => {
    const { resourceAttributes } = (review as unknown as { spec: { resourceAttributes: Record<string, string> } }).spec;
    asked.push(resourceAttributes);
    const verdict = allowed(resourceAttributes);
    if (verdict instanceof StatusError) throw verdict;
    return { ...review, status: { allowed: verdict } };
  };
  return { asked, client: { ...fake, create: create as unknown as Client['create'] } };
};
const ask = (client: Client) => missingPermissions(client, needed, new AbortController().signal);

describe('the permissions that are missing', () => {
  test('are none when everything is allowed; each verb is asked for, with subresource, name and namespace', async () => {
    const { client, asked } = server(() => true);
    assert.deepEqual(await ask(client), []);
    assert.deepEqual(asked, [
      { group: '', resource: 'pods', verb: 'create' },
      { group: '', resource: 'pods', verb: 'delete' },
      { group: 'apps', resource: 'daemonsets', subresource: 'status', verb: 'update' },
      { group: 'coordination.k8s.io', resource: 'leases', verb: 'get', namespace: 'n', name: 'l' },
    ]);
  });

  test('are told with verb and resource', async () => {
    const { client } = server(({ verb }) => verb === 'create');
    assert.deepEqual(await ask(client), [
      'delete pods',
      'update daemonsets/status.apps',
      "get leases.coordination.k8s.io 'l' in namespace n",
    ]);
  });

  test('are unknown to a server without reviews, which is asked once', async () => {
    for (const reason of ['NotFound', 'MethodNotAllowed', 'Forbidden'] as const) {
      const { client, asked } = server(() => new StatusError(reason, 'no'));
      assert.deepEqual(await ask(client), []);
      assert.equal(asked.length, 1);
    }
  });

  test('cannot be told while the server does not answer', async () => {
    const { client } = server(() => new StatusError('ServiceUnavailable', 'away'));
    await assert.rejects(ask(client), /away/);
  });
});
