import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isReason } from '../api/index.ts';
import { createVirtualClock } from '../machinery/index.ts';
import { KubeconfigError, loadKubeconfig } from './kubeconfig.ts';

describe('a kubeconfig', () => {
  let directory: string;
  const clock = createVirtualClock();
  const base64 = (text: string) => Buffer.from(text).toString('base64');

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
    assert.deepEqual(tls, { ca: 'CA', certificate: 'CERT', key: 'KEY', serverName: 'kubernetes', insecure: false });
    assert.deepEqual(await credentials!(), {});
  });

  const credentials: readonly [string, object, Record<string, string>][] = [
    ['a token', { token: 't' }, { authorization: 'Bearer t' }],
    ['a password', { username: 'me', password: 'pw' }, { authorization: `Basic ${base64('me:pw')}` }],
    ['impersonation', { token: 't', as: 'jane' }, { authorization: 'Bearer t', 'impersonate-user': 'jane' }],
  ];
  for (const [what, user, headers] of credentials)
    test(`with ${what} sends it as headers`, async () => {
      const connection = await loadKubeconfig({ path: await write('headers', user), clock });
      assert.deepEqual(await connection.credentials!(), headers);
    });

  test('with insecure-skip-tls-verify says so', async () => {
    const path = await write('insecure', { token: 't' }, { 'insecure-skip-tls-verify': true });
    assert.equal((await loadKubeconfig({ path, clock })).tls?.insecure, true);
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

  test('that is missing, unreadable, or names no cluster is refused with its path or context', async () => {
    const broken = join(directory, 'broken');
    await writeFile(broken, '{: not yaml');
    const good = await write('good', { token: 't' });
    const cases: readonly [Parameters<typeof loadKubeconfig>[0], RegExp][] = [
      [{ path: join(directory, 'missing'), clock }, /missing cannot be used: ENOENT/],
      [{ path: broken, clock }, /broken cannot be used/],
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
