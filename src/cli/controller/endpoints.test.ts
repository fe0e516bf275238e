import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createMetrics, type Logger, silentLogger } from '../../observe/index.ts';
import { Refusal } from '../failure.ts';
import { bindAddresses, serveAll, type Standing } from './endpoints.ts';

const serve = async (context: TestContext, standing: Standing, metrics: string, health?: string) => {
  const urls: Record<string, string> = {};
  const log: Logger = {
    ...silentLogger,
    info: (message, fields) => void (urls[message] = String(fields?.['url'])),
  };
  const addresses = bindAddresses({
    metricsBindAddress: metrics,
    ...(health === undefined ? {} : { healthBindAddress: health }),
  });
  const endpoints = await serveAll(addresses, await createMetrics({ process: false }), standing, log);
  context.after(() => endpoints.close());
  const get = async (what: string, path: string) => (await fetch(`${urls[`serving ${what}`]}${path}`)).text();
  return { urls, get };
};

describe('the endpoints of a replica', () => {
  test('a replica that stands by is ready; one that leads is, once it has its lists', async (t) => {
    const now = { leading: false, seen: false, synced: false };
    const leading = () => now.leading;
    const standing = { writing: leading, leading, seen: () => now.seen, synced: () => now.synced };
    const { get } = await serve(t, standing, '127.0.0.1:0', '127.0.0.1:0');
    assert.match(await get('health', '/readyz'), /lease has not been seen/);
    now.seen = true;
    assert.equal(await get('health', '/readyz'), 'ok');
    now.leading = true;
    assert.match(await get('health', '/readyz'), /lists are not complete/);
    assert.equal(await get('health', '/healthz'), 'ok');
    assert.match(await get('metrics', '/metrics'), /^everynode_leader 1$/m);
    now.synced = true;
    assert.equal(await get('health', '/readyz'), 'ok');
    now.leading = false;
    assert.match(await get('metrics', '/metrics'), /^everynode_leader 0$/m);
  });

  test('an address that is taken is refused', async (t) => {
    const yes = () => true;
    const standing = { writing: yes, leading: yes, seen: yes, synced: yes };
    const { urls } = await serve(t, standing, '127.0.0.1:0');
    const taken = urls['serving metrics']!.replace('http://', '');
    await assert.rejects(serve(t, standing, taken), Refusal);
    assert.throws(() => bindAddresses({ healthBindAddress: 'here' }), /--health-bind-address 'here'/);
  });
});
