import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/index.ts';
import { defaultPullPolicy } from './images.ts';
import { credentialsFor } from './registry-credentials.ts';

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
};
const used = (image: string, ...names: readonly string[]) =>
  credentialsFor(
    image,
    { containers: [], imagePullSecrets: names.map((name) => ({ name })) },
    { configMap: () => undefined, secret: (name) => secrets[name] },
  );

test('credentials are those of the image’s registry, from the first Secret that has some', () => {
  assert.deepEqual(used('library/a:1', 'nobody', 'broken', 'local', 'hub'), { username: 'me', password: 'x' });
  assert.deepEqual(used('docker.io/library/a', 'hub'), { username: 'me', password: 'x' });
  assert.deepEqual(used('localhost:5000/a', 'hub', 'local'), { auth: 'bWU6eA==' });
  assert.equal(used('quay.io/a/b', 'hub', 'local'), undefined);
  assert.equal(used('a'), undefined);
});
