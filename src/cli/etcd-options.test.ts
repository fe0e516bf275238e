import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { addEtcdOptions, type EtcdOptions, etcdAddress } from './etcd-options.ts';
import { Refusal } from './failure.ts';

function parse(...args: readonly string[]): EtcdOptions {
  const command = addEtcdOptions(new Command()).option('--memory').exitOverride();
  return command
    .configureOutput({ writeErr: () => undefined })
    .parse(args, { from: 'user' })
    .opts();
}

const one = 'http://127.0.0.1:2379';

test('without --etcd-servers the state is not in etcd', () => {
  assert.equal(etcdAddress(parse()), undefined);
});

test('servers are a list; a slash at the end of one is no part of it', () => {
  const address = etcdAddress(parse('--etcd-servers', `${one}/,https://etcd.example:2379`, '--etcd-prefix', '/one'));
  assert.deepEqual(address, { endpoints: [one, 'https://etcd.example:2379'], tls: {}, prefix: '/one' });
});

test('certificates are read from their files', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-etcd-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const files = ['ca', 'cert', 'key'].flatMap((name) => {
    writeFileSync(join(directory, name), `the ${name}`);
    return [`--etcd-${name}file`, join(directory, name)];
  });
  assert.deepEqual(etcdAddress(parse('--etcd-servers', one, ...files))?.tls, {
    authority: 'the ca',
    certificate: 'the cert',
    key: 'the key',
  });
});

for (const { name, args, message } of [
  { name: 'a prefix for no etcd', args: ['--etcd-prefix', '/x'], message: /^--etcd-prefix needs --etcd-servers$/ },
  { name: 'certificates for no etcd', args: ['--etcd-cafile', '/x'], message: /^--etcd-cafile needs --etcd-servers$/ },
  {
    name: 'a certificate without its key',
    args: ['--etcd-servers', one, '--etcd-certfile', '/x'],
    message: /^--etcd-certfile and --etcd-keyfile belong together$/,
  },
  {
    name: 'a file that is not there',
    args: ['--etcd-servers', one, '--etcd-cafile', '/nowhere/ca'],
    message: /^--etcd-cafile: .*\/nowhere\/ca/,
  },
])
  test(`${name} is refused`, () => {
    const refused = (error: unknown) => error instanceof Refusal && message.test(error.message);
    assert.throws(() => etcdAddress(parse(...args)), refused);
  });

for (const args of [
  ['--etcd-servers', 'localhost'],
  ['--etcd-servers', ''],
  ['--etcd-servers', 'ftp://x'],
  ['--etcd-servers', one, '--memory'],
])
  test(`${args.join(' ')} is a mistake of the command line`, () => {
    assert.throws(() => parse(...args), { name: 'CommanderError' });
  });
