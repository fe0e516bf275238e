import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Container, Pod } from '../../api/index.ts';
import { ConfigError, containerEnvironment, type EnvironmentContext } from './environment.ts';
import { expand } from './expand.ts';

const pod: Pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { app: 'x', tier: 'a "b"' }, annotations: { note: 'n' } },
  spec: { nodeName: 'node-1', serviceAccountName: 'robot', containers: [] },
};
const context: EnvironmentContext = {
  pod,
  hostIP: '192.0.2.1',
  podIP: '10.64.0.2',
  allocatable: { cpu: '4', memory: '8Gi' },
  always: { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
  sources: {
    configMap: (name) => (name === 'settings' ? { metadata: {}, data: { a: '1', b: '2' } } : undefined),
    secret: (name) => (name === 'hidden' ? { metadata: {}, data: { word: 'w6Q=' } } : undefined),
  },
};
const environmentOf = (container: Partial<Container>) =>
  Object.fromEntries(containerEnvironment({ name: 'c', ...container }, context));
const field = (fieldPath: string) =>
  environmentOf({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] })['X'];
const amount = (resource: string, divisor?: string) =>
  environmentOf({
    resources: { limits: { cpu: '250m' }, requests: { memory: '100Mi' } },
    env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } } }],
  })['X'];

describe('expanding $(NAME)', () => {
  const lookup = (name: string) => ({ A: 'a', EMPTY: '', B: '$(A)' })[name];
  for (const [text, expanded] of [
    ['$(A)', 'a'],
    ['x$(A)y$(A)', 'xaya'],
    ['$(EMPTY)', ''],
    ['$(NOBODY)', '$(NOBODY)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$', '$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['$(B)', '$(A)'],
    ['100$', '100$'],
  ] as const)
    test(`${JSON.stringify(text)} is ${JSON.stringify(expanded)}`, () => assert.equal(expand(text, lookup), expanded));

  test('text without a dollar stays as it is, and doubled dollars always come back as one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(
          expand(text.replaceAll('$', '$$$$'), () => 'x'),
          text,
        );
      }),
    );
  });
});

describe('the environment of a container', () => {
  test('each variable sees those before it, and envFrom', () => {
    assert.deepEqual(
      environmentOf({
        envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'hidden' } }],
        env: [
          { name: 'LATER', value: '$(FIRST)' },
          { name: 'FIRST', value: '$(P_a)$(word)' },
          { name: 'P_b', value: 'own' },
        ],
      }),
      { P_a: '1', P_b: 'own', word: 'ä', LATER: '$(FIRST)', FIRST: '1ä', KUBERNETES_SERVICE_HOST: '127.0.0.1' },
    );
  });

  test('a variable of the pod overrides what every container gets', () => {
    const env = [{ name: 'KUBERNETES_SERVICE_HOST', value: 'elsewhere' }];
    assert.equal(environmentOf({ env })['KUBERNETES_SERVICE_HOST'], 'elsewhere');
  });

  test('fields of the pod', () => {
    const paths = [
      'metadata.name',
      'metadata.uid',
      'spec.nodeName',
      'spec.serviceAccountName',
      'status.hostIP',
      'status.podIP',
    ];
    assert.deepEqual(paths.map(field), ['p', 'u', 'node-1', 'robot', '192.0.2.1', '10.64.0.2']);
    assert.equal(field(`metadata.labels['app']`), 'x');
    assert.equal(field(`metadata.annotations['nobody']`), '');
    assert.equal(field('metadata.labels'), 'app="x"\ntier="a \\"b\\""');
    assert.throws(() => field('spec.secrets'), ConfigError);
  });

  test('amounts are rounded up in units of the divisor; what has no limit shows what the node has', () => {
    assert.deepEqual(
      [
        amount('limits.cpu'),
        amount('limits.cpu', '1m'),
        amount('requests.memory', '1Mi'),
        amount('limits.memory', '1Gi'),
      ],
      ['1', '250', '100', '8'],
    );
    assert.equal(amount('requests.cpu'), '0');
  });

  for (const [what, container, message] of [
    [
      'a ConfigMap that is not there',
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'nobody', key: 'a' } } }] },
      'configmap "nobody" not found',
    ],
    [
      'a key that is not there',
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'z' } } }] },
      "couldn't find key z in ConfigMap ns/settings",
    ],
    [
      'a key of a Secret that is not there',
      { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'hidden', key: 'z' } } }] },
      "couldn't find key z in Secret ns/hidden",
    ],
    ['a whole Secret that is not there', { envFrom: [{ secretRef: { name: 'nobody' } }] }, 'secret "nobody" not found'],
  ] as const)
    test(`${what} is refused in the kubelet's words`, () =>
      assert.throws(() => environmentOf(container), { name: 'ConfigError', message }));

  test('what is optional may be missing', () => {
    const optional = true;
    assert.deepEqual(
      environmentOf({
        envFrom: [{ configMapRef: { name: 'nobody', optional } }],
        env: [
          { name: 'X', valueFrom: { secretKeyRef: { name: 'nobody', key: 'a', optional } } },
          { name: 'Y', valueFrom: { configMapKeyRef: { name: 'settings', key: 'z', optional } } },
        ],
      }),
      { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
    );
  });
});
