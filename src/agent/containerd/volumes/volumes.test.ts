import assert from 'node:assert/strict';
import {
  chmodSync,
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
import type { Pod, PodSecurityContext, Stored, Volume } from '../../../api/index.ts';
import { writeAtomically } from './atomic-files.ts';
import { subPathOf } from './container-mounts.ts';
import { checkHostPath } from './host-path.ts';
import { parseMountPoints } from './mount-table.ts';
import { type Payload, payloadOf } from './payload.ts';
import { memoryBytes } from './set-up.ts';
import { openWithin } from './sub-path.ts';

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
      { word: 'w 644', token: 'jwt 644', labels: 'app="x" 644' },
    );
  });

  test('a token is for the user or the group of the pod, where it has one', () => {
    const projected = { sources: [{ serviceAccountToken: { path: 'token' } }] };
    const token = (securityContext: PodSecurityContext) => {
      const secured = { ...pod, spec: { containers: [{ name: 'c' }], securityContext } };
      const { mode, owner } = payloadOf({ name: 'v', projected }, context(secured)).get('token')!;
      return [mode, owner];
    };
    assert.deepEqual(token({}), [0o644, undefined]);
    assert.deepEqual(token({ runAsUser: 65_534 }), [0o600, 65_534]);
    assert.deepEqual(token({ fsGroup: 7 }), [0o600, undefined]);
  });

  test('what is missing is an error unless it is optional', () => {
    assert.throws(() => shown({ configMap: { name: 'nobody' } }), { message: 'configmap "nobody" not found' });
    assert.throws(() => shown({ secret: { secretName: 'hidden', items: [{ key: 'z', path: 'z' }] } }), {
      message: 'references non-existent secret key: z',
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

describe('a path within a volume', () => {
  const opened = async (t: TestContext, subPath: string, prepare: (volume: string) => void = () => {}) => {
    const volume = scratch(t);
    prepare(volume);
    await using place = await openWithin(volume, subPath);
    return readlinkSync(`/proc/self/fd/${place.fd}`).slice(volume.length);
  };

  test('is made when it is not there, with the mode of its volume', async (t) => {
    let mode = 0;
    const prepare = (volume: string) => chmodSync(volume, 0o2773);
    const volume = scratch(t);
    prepare(volume);
    await using place = await openWithin(volume, 'a/./b');
    mode = (await place.stat()).mode & 0o7777;
    assert.equal(mode, 0o2773);
    assert.equal(await opened(t, 'a/b', (other) => mkdirSync(join(other, 'a'))), '/a/b');
    assert.equal(await opened(t, 'file', (other) => writeFileSync(join(other, 'file'), '')), '/file');
  });

  test('never leads out of it, however it is linked', async (t) => {
    const linked = (to: string) => (volume: string) => symlinkSync(to, join(volume, 'link'));
    for (const [subPath, prepare] of [
      ['../x', undefined],
      ['/etc', undefined],
      ['link', linked('/etc')],
      ['link/passwd', linked('/etc')],
      ['link/new', linked('/tmp')],
      ['link', linked('/no/such/place')],
    ] as const)
      await assert.rejects(opened(t, subPath, prepare), subPath);
    const inside = (volume: string) => {
      mkdirSync(join(volume, 'real'));
      symlinkSync('real', join(volume, 'link'));
    };
    assert.equal(await opened(t, 'link/new', inside), '/real/new');
  });

  test('may be made of variables, all of which there must be', () => {
    const environment = new Map([['POD', 'p']]);
    assert.equal(subPathOf({ subPathExpr: 'a/$(POD)/$$(POD)' }, environment), 'a/p/$(POD)');
    assert.throws(() => subPathOf({ subPathExpr: '$(NO)/$(POD)' }, environment), {
      name: 'ConfigError',
      message: 'missing value for NO',
    });
  });
});

test('a memory volume holds the least of what the node has, the pod may use, and it asks for', () => {
  const bytes = (sizeLimit?: string, limit?: string) =>
    memoryBytes(sizeLimit === undefined ? {} : { sizeLimit }, {
      allocatable: { memory: '4Gi' },
      pod: {
        ...pod,
        spec: {
          containers: [{ name: 'c', ...(limit === undefined ? {} : { resources: { limits: { memory: limit } } }) }],
        },
      },
    });
  const gibibyte = 2 ** 30;
  assert.equal(bytes(), 4 * gibibyte);
  assert.equal(bytes('1Gi'), gibibyte);
  assert.equal(bytes('8Gi'), 4 * gibibyte);
  assert.equal(bytes('3Gi', '2Gi'), 2 * gibibyte);
});

test('mount points are read with their spaces', () => {
  const table = '1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /mnt/a\\040b rw - tmpfs tmpfs rw\n';
  assert.deepEqual(parseMountPoints(table), ['/', '/mnt/a b']);
});
