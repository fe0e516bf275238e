import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isReason } from '../api/index.ts';
import { createVirtualClock } from '../machinery/index.ts';
import { type Connection, KubeconfigError, loadKubeconfig } from './kubeconfig.ts';

describe('a kubeconfig', () => {
  let directory: string;
  const clock = createVirtualClock();
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  const now = (tls: Connection['tls']) => (typeof tls === 'function' ? tls() : tls);

  /** JSON is YAML. */
  const write = async (name: string, user: object, cluster: object = {}): Promise<string> => {
    const path = join(directory, name);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': `main-${name}`,
      clusters: [{ name: `c-${name}`, cluster: { server: `https://${name}.example:6443`, ...cluster } }],
      users: [{ name: `u-${name}`, user }],
      contexts: [
        { name: `main-${name}`, context: { cluster: `c-${name}`, user: `u-${name}` } },
        { name: `broken-${name}`, context: { cluster: 'nowhere', user: `u-${name}` } },
      ],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'everynode-kubeconfig-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('with client certificates gives server, authority, certificate and key', async () => {
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    const cluster = { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' };
    const { server, tls, credentials } = await loadKubeconfig({ path: await write('certs', user, cluster), clock });
    assert.equal(server, 'https://certs.example:6443');
    assert.deepEqual(now(tls), {
      ca: 'CA',
      certificate: 'CERT',
      key: 'KEY',
      serverName: 'kubernetes',
      insecure: false,
    });
    assert.deepEqual(await credentials!(), {});
  });

  test("says the context's namespace, where there is one", async () => {
    const path = await write('placed', {});
    assert.equal((await loadKubeconfig({ path, clock })).contextNamespace, undefined);
    const placed = (await readFile(path, 'utf8')).replaceAll('"cluster":"c-placed"', '$&,"namespace":"shop"');
    await writeFile(path, placed);
    assert.equal((await loadKubeconfig({ path, clock })).contextNamespace, 'shop');
  });

  const credentials: readonly [string, object, Record<string, string | string[]>][] = [
    ['a token', { token: 't' }, { authorization: 'Bearer t' }],
    ['a password', { username: 'me', password: 'pw' }, { authorization: `Basic ${base64('me:pw')}` }],
    ['impersonation', { token: 't', as: 'jane' }, { authorization: 'Bearer t', 'impersonate-user': 'jane' }],
    [
      'everything to impersonate',
      { as: 'jane', 'as-uid': '7', 'as-groups': ['a', 'b'], 'as-user-extra': { 'example.com/Team': ['x'] } },
      {
        'impersonate-user': 'jane',
        'impersonate-uid': '7',
        'impersonate-group': ['a', 'b'],
        'impersonate-extra-example.com%2Fteam': ['x'],
      },
    ],
  ];
  for (const [what, user, headers] of credentials)
    test(`with ${what} sends it as headers`, async () => {
      const connection = await loadKubeconfig({ path: await write('headers', user), clock });
      assert.deepEqual(await connection.credentials!(), headers);
    });

  /** A token that says itself until when it is good. */
  const jwt = (claims: object) => ['{}', JSON.stringify(claims), 'signature'].map(base64url).join('.');
  const base64url = (text: string) => Buffer.from(text).toString('base64url');
  const idToken = jwt({ exp: 4_000_000_000 });
  const ofOld: readonly [string, Record<string, string>, string][] = [
    ['gcp', { 'access-token': 'g', expiry: '2099-01-01T00:00:00Z' }, 'Bearer g'],
    ['azure', { 'access-token': 'a', 'expires-on': '4000000000' }, 'Bearer a'],
    [
      'oidc',
      { 'id-token': idToken, 'client-id': 'c', 'idp-issuer-url': 'https://issuer.example' },
      `Bearer ${idToken}`,
    ],
  ];
  for (const [name, config, authorization] of ofOld)
    test(`with the auth provider ${name} sends its token`, async () => {
      const path = await write(name, { 'auth-provider': { name, config } });
      assert.deepEqual(await (await loadKubeconfig({ path, clock })).credentials!(), { authorization });
    });

  test('with insecure-skip-tls-verify says so', async () => {
    const path = await write('insecure', { token: 't' }, { 'insecure-skip-tls-verify': true });
    assert.equal(now((await loadKubeconfig({ path, clock })).tls)?.insecure, true);
  });

  test('with a plugin runs it, and runs it again when its answer is old', async () => {
    const counter = join(directory, 'runs');
    const answer =
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2000-01-01T00:00:00Z"}}';
    const script = `echo run >> ${counter}; printf '${answer}' "$(wc -l < ${counter} | tr -d ' ')"`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', script],
      interactiveMode: 'Never',
    };
    const connection = await loadKubeconfig({ path: await write('plugin', { exec }), clock });
    const ask = async () => (await connection.credentials!())['authorization'];
    assert.deepEqual([await ask(), await ask()], ['Bearer 1', 'Bearer 1']);
    await clock.advance(31_000);
    assert.equal(await ask(), 'Bearer 2');
  });

  /** Counts its runs in a file and answers with the text of a `status`, in which RUN stands for the number of this run. */
  const plugin = (name: string, status: string) => {
    const runs = join(directory, `${name}-runs`);
    const answer = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}`;
    return [
      '#!/bin/sh',
      `echo run >> '${runs}'`,
      `printf '%s' '${answer}' | sed "s/RUN/$(wc -l < '${runs}' | tr -d ' ')/"`,
    ].join('\n');
  };
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };

  test('with a plugin whose answer has no end asks it again only when the server refuses the answer', async () => {
    const args = ['-c', plugin('endless', '{"token":"RUN"}')];
    const { credentials, onUnauthorized } = await loadKubeconfig({
      path: await write('endless', { exec: { ...exec, command: 'sh', args } }),
      clock,
    });
    const ask = async () => (await credentials!())['authorization'];
    await clock.advance(3_600_000);
    assert.equal(await ask(), 'Bearer 1');
    onUnauthorized!();
    assert.equal(await ask(), 'Bearer 1', 'a burst of refusals is one');
    await clock.advance(1_000);
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), ['Bearer 2', 'Bearer 2', 'Bearer 2']);
  });

  test('with a plugin that gives certificates uses the new ones when they are renewed', async () => {
    const status =
      '{"clientCertificateData":"CERT-RUN","clientKeyData":"KEY","expirationTimestamp":"2000-01-01T00:00:00Z"}';
    const args = ['-c', plugin('certificates', status)];
    const { tls, credentials } = await loadKubeconfig({
      path: await write('certificates', { exec: { ...exec, command: 'sh', args } }),
      clock,
    });
    const first = now(tls);
    assert.equal(first?.certificate, 'CERT-1');
    assert.equal(now(tls), first, 'the same object while nothing changes');
    await clock.advance(31_000);
    await credentials!();
    assert.equal(now(tls)?.certificate, 'CERT-2');
  });

  test('with a plugin beside it runs that, and tells it what a plugin is told', async () => {
    const answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}';
    const script = `#!/bin/sh\nprintf '${answer}' "$(printf '%s' "$KUBERNETES_EXEC_INFO" | base64 -w0)"\n`;
    await writeFile(join(directory, 'plugin.sh'), script, { mode: 0o755 });
    const { credentials } = await loadKubeconfig({
      path: await write('beside', { exec: { ...exec, command: './plugin.sh' } }),
      clock,
    });
    const { authorization = '' } = await credentials!();
    assert.deepEqual(JSON.parse(Buffer.from(String(authorization).replace('Bearer ', ''), 'base64').toString()), {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  test('with a certificate in files reads them again', async () => {
    const [certificate, key] = [join(directory, 'c.pem'), join(directory, 'k.pem')];
    await writeFile(certificate, 'CERT-1');
    await writeFile(key, 'KEY');
    const user = { 'client-certificate': 'c.pem', 'client-key': 'k.pem' };
    const { tls, credentials } = await loadKubeconfig({ path: await write('files', user), clock });
    assert.equal(now(tls)?.certificate, 'CERT-1');
    await writeFile(certificate, 'CERT-2');
    await clock.advance(31_000);
    await credentials!();
    assert.equal(now(tls)?.certificate, 'CERT-2');
  });

  test('with a tokenFile reads it, beside the kubeconfig, and again when the token is refused', async () => {
    await writeFile(join(directory, 'token'), 'one\n');
    const path = await write('token-file', { tokenFile: 'token', token: 'outranked' });
    const { credentials, onUnauthorized } = await loadKubeconfig({ path, clock });
    assert.deepEqual(await credentials!(), { authorization: 'Bearer one' });
    await writeFile(join(directory, 'token'), 'two\n');
    onUnauthorized!();
    await clock.advance(1_000);
    assert.deepEqual(await credentials!(), { authorization: 'Bearer two' });
  });

  test('with a proxy-url goes through it, whatever the environment says', async () => {
    const path = await write('proxied', { token: 't' }, { 'proxy-url': 'http://proxy.example:3128' });
    const environment = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    assert.equal((await loadKubeconfig({ path, clock, environment })).proxy?.href, 'http://proxy.example:3128/');
    const direct = await write('direct', { token: 't' });
    assert.equal((await loadKubeconfig({ path: direct, clock, environment })).proxy, undefined);
    const socks = await write('socks', { token: 't' }, { 'proxy-url': 'socks4://proxy.example:1080' });
    await assert.rejects(loadKubeconfig({ path: socks, clock }), KubeconfigError);
  });

  test('of a server without TLS works, as kubectl proxy needs it', async () => {
    const path = await write('plain', { token: 't' }, { server: 'http://127.0.0.1:8001' });
    const { server, credentials } = await loadKubeconfig({ path, clock });
    assert.equal(server, 'http://127.0.0.1:8001');
    assert.deepEqual(await credentials!(), { authorization: 'Bearer t' });
  });

  test('whose plugin fails is an Unauthorized, with the plugin named in the cause', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', 'exit 3'],
      interactiveMode: 'Never',
    };
    await assert.rejects(loadKubeconfig({ path: await write('failing', { exec }), clock }), (error) =>
      isReason(error, 'Unauthorized'),
    );
  });

  test('that is a list of files in KUBECONFIG is merged, and its first current context holds', async (context) => {
    const paths = [await write('one', { token: '1' }), await write('two', { token: '2' })];
    const before = process.env['KUBECONFIG'];
    context.after(() => {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    });
    process.env['KUBECONFIG'] = paths.join(delimiter);
    assert.equal((await loadKubeconfig({ context: 'main-one', clock })).server, 'https://one.example:6443');
    assert.equal((await loadKubeconfig({ context: 'main-two', clock })).server, 'https://two.example:6443');
  });

  test('that is a list may name missing files, and the first entry of a name holds', async () => {
    const first = await write('first', { token: '1' });
    const second = join(directory, 'second');
    const text = await readFile(first, 'utf8');
    await writeFile(second, text.replace('first.example', 'second.example').replace('"token":"1"', '"token":"2"'));
    const environment = { KUBECONFIG: [join(directory, 'missing'), first, second].join(delimiter) };
    const { server, credentials } = await loadKubeconfig({ environment, clock });
    assert.equal(server, 'https://first.example:6443');
    assert.deepEqual(await credentials!(), { authorization: 'Bearer 1' });
  });

  test('that is missing, unreadable, or names no cluster is refused with its path or context', async () => {
    const broken = join(directory, 'broken');
    await writeFile(broken, '{: not yaml');
    const list = join(directory, 'list');
    await writeFile(list, '- clusters');
    const nameless = join(directory, 'nameless');
    await writeFile(nameless, '{users: [{user: {token: t}}]}');
    // Found by the fuzzer: these were JavaScript's own errors.
    const strange = join(directory, 'strange');
    await writeFile(strange, '{clusters: [{name: a, cluster: {server: {toString: x}}}]}');
    const aimless = join(directory, 'aimless');
    await writeFile(aimless, '{current-context: {toString: x}}');
    const lost = await write('lost', { 'client-certificate': 'nowhere.pem' });
    const good = await write('good', { token: 't' });
    const cases: readonly [Parameters<typeof loadKubeconfig>[0], RegExp][] = [
      [{ path: join(directory, 'missing'), clock }, /missing cannot be used: ENOENT/],
      [{ path: broken, clock }, /broken cannot be used/],
      [{ path: list, clock }, /list cannot be used: it is no mapping/],
      [{ path: nameless, clock }, /'users' is no list of named entries/],
      [{ path: strange, clock }, /'a' in 'clusters': cluster.server is no text/],
      [{ path: aimless, clock }, /'current-context' is no text/],
      [{ path: lost, clock }, /client-certificate cannot be read: ENOENT.*nowhere\.pem/],
      [{ path: good, context: 'nope', clock }, /no context 'nope'/],
      [{ path: good, context: 'broken-good', clock }, /good names no cluster for context 'broken-good'/],
    ];
    for (const [options, message] of cases)
      await assert.rejects(
        loadKubeconfig(options),
        (error) => error instanceof KubeconfigError && message.test(error.message),
      );
  });
});
