import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, type Pod, StatusError, type Stored } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { createObjectReader, referredObjects } from './objects.ts';

const { signal } = new AbortController();
const minute = 60_000;

function podOf(uid: string, spec: Partial<Pod['spec']> = {}): Stored<Pod> {
  const metadata = { name: `pod-${uid}`, namespace: 'ns', uid, resourceVersion: '1', creationTimestamp: '' };
  return { metadata, spec: { containers: [], serviceAccountName: 'robot', ...spec } };
}

/** An API that gives numbered tokens for as long as they are asked for, and one ConfigMap; away when `away`. */
function world() {
  const clock = createVirtualClock();
  const state = { away: false, given: 0, reads: 0, value: 'a' };
  const asked: unknown[] = [];
  const answer = <T>(value: () => T): Promise<T> =>
    state.away ? Promise.reject(new StatusError('ServiceUnavailable', 'away')) : Promise.resolve(value());
  const client = {
    create: (_: unknown, request: { spec: { expirationSeconds: number }; metadata: object }) =>
      answer(() => {
        asked.push(request);
        const expirationTimestamp = formatTime(clock.now() + request.spec.expirationSeconds * 1000);
        return { ...request, status: { token: `token-${++state.given}`, expirationTimestamp } };
      }),
    get: () =>
      answer(() => {
        state.reads++;
        return { metadata: {}, data: { key: state.value } };
      }),
  } as unknown as Client;
  return { clock, state, asked, reader: createObjectReader({ client, clock, log: silentLogger }) };
}

test('a token is asked for once, bound to the pod, and renewed when four fifths of its life are over', async () => {
  const { asked, clock, reader } = world();
  const token = (pod: Stored<Pod>, audience?: string, seconds?: number) =>
    reader.tokenFor(pod, audience, seconds, signal);
  const pod = podOf('1');
  assert.equal(await token(pod, 'vault', 1_000), 'token-1');
  assert.deepEqual(asked, [
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'robot', namespace: 'ns' },
      spec: {
        audiences: ['vault'],
        expirationSeconds: 1_000,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'pod-1', uid: '1' },
      },
    },
  ]);
  await clock.advance(799_000);
  assert.equal(await token(pod, 'vault', 1_000), 'token-1');
  await clock.advance(1_000);
  assert.equal(await token(pod, 'vault', 1_000), 'token-2');
  assert.equal(await token(pod), 'token-3', 'for another audience it is another one, of an hour');
  await clock.advance(47 * minute);
  assert.equal(await token(pod), 'token-3');
  assert.equal(await token(podOf('2')), 'token-4', 'another pod has its own');
  reader.forget('1');
  assert.equal(await token(pod), 'token-5');
  const month = 30 * 24 * 60 * 60;
  assert.equal(await token(pod, 'vault', month), 'token-6');
  await clock.advance(24 * 60 * minute - 1);
  assert.equal(await token(pod, 'vault', month), 'token-6');
  await clock.advance(1);
  assert.equal(await token(pod, 'vault', month), 'token-7', 'one that lives long is renewed each day');
});

test('while the API is away a token is good as long as it lives', async () => {
  const { clock, state, reader } = world();
  const pod = podOf('1');
  const token = () => reader.tokenFor(pod, 'vault', 1_000, signal);
  assert.equal(await token(), 'token-1');
  state.away = true;
  await clock.advance(999_000);
  assert.equal(await token(), 'token-1');
  await clock.advance(1_000);
  await assert.rejects(token(), { reason: 'ServiceUnavailable' });
  state.away = false;
  assert.equal(await token(), 'token-2');
});

test('while the API is away what was read last is used, and nothing that was never read', async () => {
  const { clock, state, reader } = world();
  const pod = podOf('1', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
  const value = async () => (await reader.sourcesFor(pod, signal)).configMap('settings')?.data?.['key'];
  assert.equal(await value(), 'a');
  state.value = 'b';
  await value();
  assert.equal(state.reads, 1, 'containers of one pod start together');
  await clock.advance(1_000);
  assert.equal(await value(), 'b');
  state.away = true;
  await clock.advance(minute);
  assert.equal(await value(), 'b');
  const stranger = podOf('2', { volumes: [{ name: 'v', configMap: { name: 'other' } }] });
  await assert.rejects(reader.sourcesFor(stranger, signal), /away/);
});

test('what a pod refers to: its variables, its volumes, its pull secrets', () => {
  const { configMaps, secrets } = referredObjects(
    podOf('1', {
      initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's1' } }] }],
      containers: [
        { name: 'c', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c1', key: 'k' } } }] },
        { name: 'd', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's2', key: 'k' } } }] },
      ],
      volumes: [
        { name: 'v', secret: { secretName: 's3' } },
        { name: 'w', projected: { sources: [{ configMap: { name: 'c2' } }, { secret: { name: 's4' } }] } },
        { name: 'e', emptyDir: {} },
      ],
      imagePullSecrets: [{ name: 's5' }, {}],
    }),
  );
  assert.deepEqual(
    [[...configMaps].toSorted(), [...secrets].toSorted()],
    [
      ['c1', 'c2'],
      ['s1', 's2', 's3', 's4', 's5'],
    ],
  );
});
