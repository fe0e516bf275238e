import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { createMetrics, healthEndpoints, metricsEndpoint, parseBindAddress, serveEndpoints } from './index.ts';

const serve = async (context: TestContext, endpoints: Parameters<typeof serveEndpoints>[1]) => {
  const server = await serveEndpoints({ host: '127.0.0.1', port: 0 }, endpoints);
  context.after(() => server.close());
  const get = async (path: string, method = 'GET') => {
    const answer = await fetch(`${server.url}${path}`, { method });
    return { code: answer.status, body: await answer.text() };
  };
  return { ...server, get };
};

describe('health', () => {
  test('is ok while every check is, and names the one that is not', async (t) => {
    let problem: string | undefined;
    const checks = { healthy: { loop: () => undefined }, ready: { loop: () => undefined, lists: () => problem } };
    const { get } = await serve(t, healthEndpoints(checks));
    assert.deepEqual(await get('/readyz'), { code: 200, body: 'ok' });
    problem = 'pods are not listed yet';
    assert.deepEqual(await get('/readyz?verbose'), {
      code: 500,
      body: '[+]loop ok\n[-]lists failed: pods are not listed yet\n',
    });
    assert.deepEqual(await get('/healthz'), { code: 200, body: 'ok' });
    assert.deepEqual(await get('/livez', 'HEAD'), { code: 200, body: '' });
  });

  test('has nothing else, and takes no other method', async (t) => {
    const { get } = await serve(t, healthEndpoints({ healthy: {}, ready: {} }));
    assert.equal((await get('/')).code, 404);
    assert.equal((await get('/constructor')).code, 404);
    assert.equal((await get('/healthz', 'POST')).code, 405);
  });

  test('a server that closes does not wait for open connections', async (t) => {
    const server = await serveEndpoints({ host: '127.0.0.1', port: 0 }, {});
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    t.after(() => socket.destroy());
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });
    const ended = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.resume();
    await server.close();
    await ended;
  });

  test('a port that is taken is refused with its code', async (t) => {
    const { url } = await serve(t, {});
    const port = Number(new URL(url).port);
    await assert.rejects(serveEndpoints({ host: '127.0.0.1', port }, {}), { code: 'EADDRINUSE' });
  });
});

describe('metrics', () => {
  test('counters and histograms add up, gauges are read at each scrape and forget what is gone', async (t) => {
    const metrics = await createMetrics({ process: false });
    let series = [{ labels: { daemonset: 'a' }, value: 1 }];
    const count = metrics.counter('requests_total', 'Requests.', ['code']);
    const observe = metrics.histogram('sync_seconds', 'Syncs.');
    metrics.gauge('pods', 'Pods.', ['daemonset'], () => series);
    const { get } = await serve(t, metricsEndpoint(metrics));
    count({ code: '200' });
    count({ code: '200' }, 2);
    observe({}, 0.03);
    const first = (await get('/metrics')).body;
    assert.match(first, /^requests_total\{code="200"\} 3$/m);
    assert.match(first, /^sync_seconds_bucket\{le="0\.02"\} 0$/m);
    assert.match(first, /^sync_seconds_bucket\{le="0\.05"\} 1$/m);
    assert.match(first, /^pods\{daemonset="a"\} 1$/m);
    series = [{ labels: { daemonset: 'b' }, value: 2 }];
    const second = (await get('/metrics')).body;
    assert.match(second, /^pods\{daemonset="b"\} 2$/m);
    assert.doesNotMatch(second, /daemonset="a"/);
  });

  test('of the process are there unless they are not wanted', async () => {
    assert.match(await (await createMetrics()).text(), /process_cpu_seconds_total/);
    assert.equal((await (await createMetrics({ process: false })).text()).trim(), '');
  });
});

describe('a bind address', () => {
  const cases: readonly [string, ReturnType<typeof parseBindAddress>][] = [
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':8080', { host: '::', port: 8080 }],
    ['8080', { host: '::', port: 8080 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:9', { host: '::1', port: 9 }],
    ['::1:9', undefined],
    ['host', undefined],
    ['host:70000', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases)
    test(`'${text}' is ${expected === undefined ? 'none' : `${expected.host} port ${expected.port}`}`, () => {
      assert.deepEqual(parseBindAddress(text), expected);
    });
});
