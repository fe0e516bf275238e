import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../api/index.ts';
import { createVirtualClock, seededRandom } from '../machinery/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { createApiServer } from './server.ts';
import { admin } from './server.test-support.ts';

const hourMs = 3_600_000;

for (const [name, eventTtlMs, livesMs] of [
  ['an hour when nothing is said', undefined, hourMs],
  ['as long as is said', 300_000, 300_000],
] as const)
  test(`events live ${name}, and not much longer`, async () => {
    const clock = createVirtualClock();
    const options = { store: openMemoryStore(), clock, random: seededRandom(1) };
    const server = await createApiServer({ ...options, ...(eventTtlMs === undefined ? {} : { eventTtlMs }) });
    const { group, version, name: resource } = resources.events;
    const where = { group, version, resource, namespace: 'default', user: admin };
    const body = { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' } };
    await server.handle({ ...where, verb: 'create', body });
    const count = async () =>
      ((await server.handle({ ...where, verb: 'list' })).body as { items: unknown[] }).items.length;
    await clock.advance(livesMs - 60_000);
    assert.equal(await count(), 1);
    await clock.advance(180_000);
    assert.equal(await count(), 0);
    await server.close();
  });
