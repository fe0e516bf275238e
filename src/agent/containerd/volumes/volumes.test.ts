import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { Container, Pod, Stored, Volume } from '../../../api/index.ts';
import { writeAtomically } from './atomic-files.ts';
import { containerMounts } from './container-mounts.ts';
import { checkHostPath } from './host-path.ts';
import { parseMountPoints } from './mount-table.ts';
import { type Payload, payloadOf } from './payload.ts';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-volumes-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const payload = (files: Readonly<Record<string, string>>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

describe('files of a volume', () => {
  test('appear, change and go all at once, by one link', async (t) => {
    const directory = join(scratch(t), 'volume');
    await writeAtomically(directory, payload({ a: '1', 'sub/b': '2' }), undefined);
    const version = readlinkSync(join(directory, '..data'));
    assert.equal(readFileSync(join(directory, 'a'), 'utf8') + readFileSync(join(directory, 'sub', 'b'), 'utf8'), '12');

    await writeAtomically(directory, payload({ a: '1', 'sub/b': '2' }), undefined);
    assert.equal(readlinkSync(join(directory, '..data')), version, 'the same files are not written again');

    await writeAtomically(directory, payload({ a: 'x' }), undefined);
    assert.notEqual(readlinkSync(join(directory, '..data')), version);
    assert.equal(readFileSync(join(directory, 'a'), 'utf8'), 'x');
    assert.deepEqual(
      readdirSync(directory).filter((name) => !name.startsWith('..')),
      ['a'],
    );
    assert.equal(readdirSync(directory).length, 3, 'the old version is gone');
  });

  test('have their modes', async (t) => {
    const directory = scratch(t);
    await writeAtomically(directory, payload({ secret: 's' }, 0o400), undefined);
    assert.equal(statSync(join(directory, 'secret')).mode & 0o777, 0o400);
  });
});

const context = (pod: Pod) => ({
  pod,
  hostIP: '',
  podIP: '',
  allocatable: {},
  tokens: new Map([['token', 'jwt']]),
  sources: {
    configMap: (name: string) =>
      name === 'settings' ? { metadata: {}, data: { a: '1', b: '2' }, binaryData: { c: 'AA==' } } : undefined,
    secret: (name: string) => (name === 'hidden' ? { metadata: {}, data: { word: 'dw==' } } : undefined),
  },
});
const pod: Stored<Pod> = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: { app: 'x' } },
  spec: { containers: [] },
};
const shown = (volume: Omit<Volume, 'name'>) =>
  Object.fromEntries(
    [...payloadOf({ name: 'v', ...volume }, context(pod))].map(([path, { content, mode }]) => [
      path,
      `${content.toString()} ${mode.toString(8)}`,
    ]),
  );

describe('what a volume shows', () => {
  test('all keys, or those it names, with the modes it gives them', () => {
    assert.deepEqual(shown({ configMap: { name: 'settings', defaultMode: 0o600 } }), {
      a: '1 600',
      b: '2 600',
      c: '\0 600',
    });
    assert.deepEqual(shown({ configMap: { name: 'settings', items: [{ key: 'a', path: 'x/y', mode: 0o400 }] } }), {
      'x/y': '1 400',
    });
    assert.deepEqual(shown({ secret: { secretName: 'hidden' } }), { word: 'w 644' });
  });

  test('several sources in one', () => {
    assert.deepEqual(
      shown({
        projected: {
          sources: [
            { secret: { name: 'hidden' } },
            { serviceAccountToken: { path: 'token' } },
            { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          ],
        },
      }),
      { word: 'w 644', token: 'jwt 600', labels: 'app="x" 644' },
    );
  });

  test('what is missing is an error unless it is optional', () => {
    assert.throws(() => shown({ configMap: { name: 'nobody' } }), { message: 'configmap "nobody" not found' });
    assert.throws(() => shown({ secret: { secretName: 'hidden', items: [{ key: 'z', path: 'z' }] } }), {
      message: 'references non-existent config key: z (secret ns/hidden)',
    });
    assert.deepEqual(shown({ configMap: { name: 'nobody', optional: true } }), {});
  });

  test('no path leaves the volume', () => {
    for (const path of ['../x', '/x', 'a/../../x', ''])
      assert.throws(() => shown({ configMap: { name: 'settings', items: [{ key: 'a', path }] } }), /invalid path/);
  });
});

describe('a hostPath', () => {
  test('must be what its type says', async (t) => {
    const directory = scratch(t);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await checkHostPath(file, 'File');
    await checkHostPath(directory, 'Directory');
    await checkHostPath('/dev/null', 'CharDevice');
    await checkHostPath(join(directory, 'whatever'));
    for (const [path, type, what] of [
      [file, 'Directory', 'a directory'],
      [directory, 'File', 'a file'],
      [join(directory, 'none'), 'Directory', 'a directory'],
      [file, 'DirectoryOrCreate', 'a directory'],
      [file, 'Socket', 'a socket file'],
      [file, 'BlockDevice', 'a block device'],
    ] as const)
      await assert.rejects(checkHostPath(path, type), {
        message: `hostPath type check failed: ${path} is not ${what}`,
      });
  });

  test('is made when its type says so', async (t) => {
    const directory = scratch(t);
    await checkHostPath(join(directory, 'a', 'b'), 'DirectoryOrCreate');
    await checkHostPath(join(directory, 'a', 'file'), 'FileOrCreate');
    assert.ok(lstatSync(join(directory, 'a', 'b')).isDirectory());
    assert.ok(lstatSync(join(directory, 'a', 'file')).isFile());
  });
});

describe('a mount within a volume', () => {
  const mounted = async (t: TestContext, subPath: string, prepare: (volume: string) => void = () => {}) => {
    const root = scratch(t);
    const volume = join(root, 'volume');
    mkdirSync(volume);
    prepare(volume);
    const container: Container = { name: 'c', volumeMounts: [{ name: 'v', mountPath: '/m', subPath }] };
    const paths = { root, podLogs: '', containerLogs: '' };
    const [mount] = await containerMounts(pod, container, 0, paths, new Map([['v', volume]]), new Map());
    return mount!.hostPath.slice(volume.length);
  };

  test('is made when it is not there', async (t) => assert.equal(await mounted(t, 'a/b'), '/a/b'));

  test('never leads out of it', async (t) => {
    await assert.rejects(mounted(t, '../x'), { name: 'ConfigError' });
    await assert.rejects(
      mounted(t, 'link', (volume) => symlinkSync('/etc', join(volume, 'link'))),
      { name: 'ConfigError' },
    );
  });
});

test('mount points are read with their spaces', () => {
  const table = '1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /mnt/a\\040b rw - tmpfs tmpfs rw\n';
  assert.deepEqual(parseMountPoints(table), ['/', '/mnt/a b']);
});
