// The queue of events of a real controller runs full: its API server takes no event for as long as a launch lasts. Nothing
// waits for that: every pod is made and ready, the controller counts what it dropped, and it ends as it should.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { DaemonSet, KubernetesList, Stored } from '../../src/api/index.ts';
import { loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { issueCertificate } from '../../src/pki/index.ts';
import { kubeconfigWith, quickLease, startController, withoutDaemonSets } from './support/controller.ts';
import { temporaryDirectory, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';

const nodes = 30;
/** The recorder takes 25 events of an object in a burst: of so many, more than the thousand that its queue holds. */
const daemonSets = 60;

/** The way to the API server, which passes everything on; writes of events only once they are let through. */
async function wayTo(t: TestContext, kubeconfigPath: string) {
  const pki = (name: string) => readFileSync(join(dirname(kubeconfigPath), 'pki', name), 'utf8');
  const authority = { certificate: pki('ca.crt'), key: pki('ca.key') };
  const own = await issueCertificate(
    authority,
    { usage: 'server', commonName: 'way', hosts: ['127.0.0.1'] },
    Date.now(),
  );
  const { server, tls } = await loadKubeconfig({ path: kubeconfigPath, clock: systemClock });
  const { ca, certificate: cert, key } = (typeof tls === 'function' ? tls() : tls) ?? {};
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let held = 0;
  const way = createServer({ cert: own.certificate, key: own.key }, (asked, answer) => {
    const { method, url = '', headers } = asked;
    const { authorization: _, host: _host, ...passed } = headers;
    const pass = () => {
      const next = ask(new URL(url, server), { method, headers: passed, ca, cert, key }, (came) => {
        answer.writeHead(came.statusCode ?? 502, came.headers);
        came.pipe(answer);
      });
      next.on('error', () => answer.destroy());
      answer.on('close', () => next.destroy());
      asked.pipe(next);
    };
    if (method === 'GET' || !url.includes('/events')) return pass();
    held++;
    void opened.then(pass);
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  t.after(() => {
    way.closeAllConnections();
    way.close();
  });
  return { url: `https://127.0.0.1:${(way.address() as AddressInfo).port}`, open, held: () => held };
}

function daemonSet(index: number): object {
  const labels = { app: `daemon-${index}` };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: `daemon-${index}`, namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'daemon:1' }] } },
    },
  };
}

test('a full queue of events holds nobody up, and what was dropped is counted', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { nodes, args: withoutDaemonSets });
  const way = await wayTo(t, kubeconfigPath);
  const path = kubeconfigWith(
    temporaryDirectory(),
    kubeconfigPath,
    { token: 'of nobody: the way has its own' },
    way.url,
  );
  const controller = startController(t, path, [...quickLease, '--skip-preflight']);
  const items = Array.from({ length: daemonSets }, (_, index) => daemonSet(index));
  await kubectl.run(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await eventually('every DaemonSet has all of its pods', async () => {
    const sets = await kubectl.get<KubernetesList<Stored<DaemonSet>>>('daemonsets');
    assert.equal(sets.items.length, daemonSets);
    for (const { metadata, status } of sets.items) assert.equal(status?.numberAvailable, nodes, metadata.name);
  });
  assert.ok(way.held() >= 1, 'an event was held');
  way.open();
  const told = await controller.says('events dropped: the queue was full');
  assert.ok((told.dropped as number) > 0, JSON.stringify(told));
  assert.deepEqual(await controller.stop(), { code: 0, signal: null });
});
