// The disk runs full: what cannot be written is refused and said, what was acknowledged is there, reads and deletes go
// on, and when there is room again writes do too, without a restart and after one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { resources, StatusError } from '../../src/api/index.ts';
import { createHttpClient, type HttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';

const mebibyte = 1024 * 1024;
const diskMebibytes = 24;
const fillingMebibytes = 6;
const needsRoot = process.getuid?.() === 0 ? {} : { skip: 'only root mounts a small disk' };

function smallDisk(t: TestContext): string {
  const disk = mkdtempSync(join(tmpdir(), 'everynode-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMebibytes}m`, 'none', disk]);
  t.after(() => {
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}

const clientOf = async (path: string) => createHttpClient(await loadKubeconfig({ path, clock: systemClock }));

function create(client: HttpClient, name: string): Promise<unknown> {
  const data = { filling: 'x'.repeat(500_000) };
  return client.create(resources.configMaps, { metadata: { name, namespace: 'default' }, data });
}

test('a full disk is said, loses nothing, and is forgotten when there is room', needsRoot, async (t) => {
  const disk = smallDisk(t);
  const filling = join(disk, 'filling');
  writeFileSync(filling, Buffer.alloc(fillingMebibytes * mebibyte));
  const dataDir = join(disk, 'data');
  const server = await up(t, { dataDir, nodes: 0 });
  const client = await clientOf(server.kubeconfigPath);

  const acknowledged: string[] = [];
  let refusal: unknown;
  for (let n = 0; n < (diskMebibytes * mebibyte) / 500_000; n++)
    try {
      await create(client, `map-${n}`);
      acknowledged.push(`map-${n}`);
    } catch (error) {
      refusal = error;
      break;
    }
  assert.ok(acknowledged.length > 5, `${acknowledged.length} were written`);
  assert.ok(refusal instanceof StatusError && refusal.cause === undefined);
  assert.ok(refusal.code === 500 || refusal.code === 507, `${refusal.code}`);
  assert.match(refusal.message, /the store could not write/);

  const names = async (of: HttpClient) =>
    (await of.list(resources.configMaps, { namespace: 'default' })).items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith('map-'))
      .toSorted();
  assert.deepEqual(await names(client), acknowledged.toSorted(), 'it is read, and what was refused is not there');
  rmSync(filling);
  await eventually('it writes again', () => create(client, 'map-after'));
  acknowledged.push('map-after');

  await client.close();
  await server.stop('SIGKILL');
  const again = await up(t, { dataDir, nodes: 0 });
  const second = await clientOf(again.kubeconfigPath);
  assert.deepEqual(await names(second), acknowledged.toSorted(), 'all that was acknowledged is there');
  await second.close();
  assert.equal((await again.stop()).code, 0);
});
