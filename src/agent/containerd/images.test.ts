import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/index.ts';
import { defaultPullPolicy } from './images.ts';
import { imageNameFault } from './image-name.ts';
import { credentialsFor, missingPullSecrets } from './registry-credentials.ts';

test('an image that may have moved is pulled each time, any other only when it is missing', () => {
  const always = ['a', 'a:latest', 'localhost:5000/a', 'host/a/b:latest'];
  const once = ['a:1', 'localhost:5000/a:1', 'a@sha256:0', 'a:latest@sha256:0'];
  assert.deepEqual(
    always.map(defaultPullPolicy),
    always.map(() => 'Always'),
  );
  assert.deepEqual(
    once.map(defaultPullPolicy),
    once.map(() => 'IfNotPresent'),
  );
});

const secretOf = (content: unknown): Secret => ({
  metadata: {},
  data: {
    '.dockerconfigjson': Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)).toString(
      'base64',
    ),
  },
});
const secrets: Readonly<Record<string, Secret>> = {
  hub: secretOf({ auths: { 'https://index.docker.io/v1/': { username: 'me', password: 'x' } } }),
  local: secretOf({ auths: { 'localhost:5000': { auth: 'bWU6eA==' } } }),
  broken: secretOf('no JSON'),
  parts: secretOf({
    auths: {
      'gcr.io': { username: 'all' },
      'https://gcr.io/v2/team': { username: 'team' },
      '*.azurecr.io': { username: 'any' },
    },
  }),
};
const used = (image: string, ...names: readonly string[]) =>
  credentialsFor(
    image,
    { containers: [], imagePullSecrets: names.map((name) => ({ name })) },
    { configMap: () => undefined, secret: (name) => secrets[name] },
  );

test('credentials are those of the image’s registry, from the first Secret that has some', () => {
  const me = { username: 'me', password: 'x' };
  assert.deepEqual(used('library/a:1', 'nobody', 'broken', 'local', 'hub'), [me]);
  assert.deepEqual(used('docker.io/library/a', 'hub'), [me]);
  assert.deepEqual(used('localhost:5000/a', 'hub', 'local'), [{ auth: 'bWU6eA==' }]);
  assert.deepEqual(used('quay.io/a/b', 'hub', 'local'), []);
  assert.deepEqual(used('a'), []);
});

test('credentials may be of a part of a registry, or of many: the closest is tried first, then the others', () => {
  const names = (image: string) => used(image, 'parts').map(({ username }) => username);
  assert.deepEqual(names('gcr.io/team/a:1'), ['team', 'all']);
  assert.deepEqual(names('gcr.io/other/a'), ['all']);
  assert.deepEqual(names('a.azurecr.io/x'), ['any']);
  assert.deepEqual(names('a.b.azurecr.io/x'), []);
  assert.deepEqual(names('azurecr.io/x'), []);
});

test('Secrets that there are not are named', () => {
  const spec = { containers: [], imagePullSecrets: [{ name: 'hub' }, { name: 'nobody' }, { name: '' }] };
  const sources = { configMap: () => undefined, secret: (name: string) => secrets[name] };
  assert.deepEqual(missingPullSecrets(spec, sources), ['nobody']);
});

test('a name that cannot be one is no image', () => {
  const good = [
    'a',
    'a/b-c/d__e:1',
    'localhost/a',
    'h:5000/a.b',
    `a@sha256:${'0'.repeat(64)}`,
    'Host/a:T_1',
    '[::1]:5000/a',
  ];
  assert.deepEqual(
    good.map(imageNameFault),
    good.map(() => undefined),
  );
  const bad = [
    '',
    'a:',
    'a b',
    'a//b',
    '-a',
    'a:b:c',
    'a@sha256:0',
    'a@b@c',
    'ho_st:5000/a',
    'a/',
    `a:${'x'.repeat(129)}`,
  ];
  for (const name of bad) assert.match(imageNameFault(name) ?? 'good', /^invalid reference format/, name);
  assert.equal(
    imageNameFault('team/Case:1'),
    'invalid reference format: repository name (team/Case) must be lowercase',
  );
});
