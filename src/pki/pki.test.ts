import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import {
  type CertificateRequest,
  createAuthority,
  ensureAuthority,
  ensureCertificate,
  issueCertificate,
  type KeyPair,
} from './index.ts';

const dayMs = 24 * 60 * 60 * 1000;
const server: CertificateRequest = {
  usage: 'server',
  commonName: 'kube-apiserver',
  hosts: ['localhost', '127.0.0.1', '::1', 'kubernetes', 'kubernetes.default.svc'],
};
const admin: CertificateRequest = { usage: 'client', commonName: 'admin', organizations: ['system:masters', 'devs'] };

describe('certificates', () => {
  test('a server and a client certified by the same authority trust each other, and the server sees user and groups', async () => {
    const now = Date.now();
    const authority = await createAuthority('test-ca', now);
    const [own, theirs] = await Promise.all([
      issueCertificate(authority, server, now),
      issueCertificate(authority, admin, now),
    ]);
    const listener = createServer({
      cert: own.certificate,
      key: own.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const accepted = new Promise<TLSSocket>((resolve) => {
      listener.once('secureConnection', resolve);
    });
    await new Promise<void>((resolve) => {
      listener.listen(0, '127.0.0.1', resolve);
    });
    const { port } = listener.address() as { port: number };
    const client = connect({
      port,
      host: '127.0.0.1',
      ca: authority.certificate,
      cert: theirs.certificate,
      key: theirs.key,
    });
    try {
      const { subject } = (await accepted).getPeerCertificate();
      assert.equal(subject.CN, 'admin');
      assert.deepEqual(subject.O, ['system:masters', 'devs']);
    } finally {
      client.destroy();
      listener.close();
    }
  });

  test('no certificate outlives its authority', async () => {
    const authority = await createAuthority('test-ca', 0);
    const late = await issueCertificate(authority, server, 3649 * dayMs);
    assert.equal(new X509Certificate(late.certificate).validTo, new X509Certificate(authority.certificate).validTo);
  });
});

describe('certificate files', () => {
  const now = Date.UTC(2026, 0, 1);
  let directory: string;
  let authority: KeyPair;

  before(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'everynode-pki-')), 'pki');
    authority = await ensureAuthority({ directory, nowMs: now });
  });
  after(() => rm(join(directory, '..'), { recursive: true, force: true }));

  const ensure = (request: CertificateRequest, nowMs = now) =>
    ensureCertificate({ directory, nowMs }, 'apiserver', authority, request);

  test('are private to their owner, with no drafts left behind', async () => {
    await ensure(server);
    const files = await readdir(directory);
    assert.deepEqual(files.sort(), ['apiserver.crt', 'apiserver.key', 'ca.crt', 'ca.key']);
    for (const file of files) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
  });

  test('are used again while they are good', async () => {
    assert.deepEqual(await ensureAuthority({ directory, nowMs: now + dayMs }), authority);
    assert.deepEqual(await ensure(server, now + dayMs), await ensure(server));
  });

  test('are renewed well before they expire', async () => {
    const first = await ensure(server);
    const second = await ensure(server, now + 300 * dayMs);
    assert.notEqual(second.certificate, first.certificate);
    assert.ok(new X509Certificate(second.certificate).validToDate.getTime() > now + 600 * dayMs);
  });

  const changes: readonly [string, CertificateRequest][] = [
    ['another host', { ...server, hosts: [...server.hosts!, '10.0.0.1'] }],
    ['fewer hosts', { ...server, hosts: ['localhost'] }],
    ['another name', { ...server, commonName: 'other' }],
    ['another group', { ...admin, organizations: ['viewers'] }],
    ['another usage', { ...admin, usage: 'server' }],
  ];
  for (const [what, request] of changes)
    test(`are replaced when ${what} is wanted`, async () => {
      const base = request.organizations === undefined ? server : admin;
      const first = await ensure(base);
      const second = await ensure(request);
      assert.notEqual(second.certificate, first.certificate);
      assert.deepEqual(await ensure(request), second);
    });

  test('are replaced when the authority is another one', async () => {
    const first = await ensure(server);
    const other = await createAuthority('other-ca', now);
    const second = await ensureCertificate({ directory, nowMs: now }, 'apiserver', other, server);
    assert.notEqual(second.certificate, first.certificate);
  });

  test('are replaced when damaged or when the key belongs to another certificate', async () => {
    const first = await ensure(server);
    await writeFile(join(directory, 'apiserver.crt'), 'rubbish');
    const second = await ensure(server);
    assert.notEqual(second.certificate, first.certificate);
    await writeFile(join(directory, 'apiserver.key'), first.key);
    assert.notEqual((await ensure(server)).certificate, second.certificate);
  });
});
