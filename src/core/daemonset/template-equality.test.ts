import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeJson } from '../../api/index.ts';
import { sameTemplate } from './template-equality.ts';

/** A template with this container, or with these fields of its spec. */
const container = (fields: object) => ({ spec: { containers: [{ name: 'main', image: 'daemon:1', ...fields }] } });
const spec = (fields: object) => ({ spec: { containers: [{ name: 'main' }], ...fields } });
const labels = (labels: object) => ({ metadata: { labels }, spec: { containers: [] } });

test('another spelling of the same template is the same template', () => {
  const rows: readonly (readonly [why: string, a: unknown, b: unknown])[] = [
    ['an empty struct or none', container({ resources: {} }), container({})],
    ['nested empty structs', container({ securityContext: { capabilities: {} } }), container({})],
    ['null or absent (creationTimestamp before 1.34)', { metadata: { creationTimestamp: null } }, {}],
    ['an empty list or none', spec({ tolerations: [] }), spec({})],
    ['another order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }],
    [
      'quantities',
      container({ resources: { limits: { cpu: '0.1' } } }),
      container({ resources: { limits: { cpu: '100m' } } }),
    ],
    [
      'quantities as numbers',
      container({ resources: { requests: { cpu: 1 } } }),
      container({ resources: { requests: { cpu: '1' } } }),
    ],
    ['overhead', spec({ overhead: { memory: '1Gi' } }), spec({ overhead: { memory: '1024Mi' } })],
    [
      'the size of an emptyDir',
      spec({ volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }] }),
      spec({ volumes: [{ name: 'v', emptyDir: { sizeLimit: '1024Mi' } }] }),
    ],
    [
      'a divisor',
      container({ env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } }] }),
      container({
        env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1000m' } } }],
      }),
    ],
    [
      'the order of a set',
      container({ securityContext: { capabilities: { drop: ['A', 'B'] } } }),
      container({ securityContext: { capabilities: { drop: ['B', 'A'] } } }),
    ],
  ];
  for (const [why, a, b] of rows) {
    assert.equal(sameTemplate(a, b), true, why);
    assert.equal(sameTemplate(b, a), true, `${why}, the other way round`);
  }
});

test('numbers beyond a double are told apart by their last digit', () => {
  const grace = (seconds: string) =>
    decodeJson(`{"spec":{"containers":[],"terminationGracePeriodSeconds":${seconds}}}`);
  assert.equal(sameTemplate(grace('9223372036854775807'), grace('9223372036854775807')), true);
  assert.equal(sameTemplate(grace('9223372036854775807'), grace('9223372036854775806')), false);
  assert.equal(sameTemplate(grace('9223372036854775807'), grace('30')), false);
});

test('what changes what runs is another template', () => {
  const rows: readonly (readonly [why: string, a: unknown, b: unknown])[] = [
    ['the image', container({}), container({ image: 'daemon:2' })],
    ['an argument', container({ args: ['-v'] }), container({ args: ['-vv'] })],
    ['the order of arguments', container({ args: ['a', 'b'] }), container({ args: ['b', 'a'] })],
    ['a second container', spec({}), spec({ containers: [{ name: 'main' }, { name: 'side' }] })],
    [
      'a restart annotation',
      { metadata: { annotations: { restartedAt: '1' } } },
      { metadata: { annotations: { restartedAt: '2' } } },
    ],
    ['a label', labels({ app: 'a' }), labels({ app: 'b' })],
    ['a label added', labels({ app: 'a' }), labels({ app: 'a', tier: '' })],
    [
      'an amount',
      container({ resources: { limits: { cpu: '1' } } }),
      container({ resources: { limits: { cpu: '2' } } }),
    ],
    [
      'an amount that is none',
      container({ resources: { limits: { cpu: '1' } } }),
      container({ resources: { limits: { cpu: 'x' } } }),
    ],
    ['an emptyDir or nothing', spec({ volumes: [{ name: 'v', emptyDir: {} }] }), spec({ volumes: [{ name: 'v' }] })],
    [
      'a claim for any volume or for a new one',
      spec({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { selector: {} } } } }] }),
      spec({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: {} } } }] }),
    ],
    [
      'a port by number or by name',
      container({ livenessProbe: { httpGet: { port: 80 } } }),
      container({ livenessProbe: { httpGet: { port: '80' } } }),
    ],
    [
      'false or absent, where absence has a default of its own',
      spec({ automountServiceAccountToken: false }),
      spec({}),
    ],
    [
      'labels that read as amounts',
      labels({ storage: '1', sizeLimit: '1' }),
      labels({ storage: '1.0', sizeLimit: '1.0' }),
    ],
    ['a selector of amounts', spec({ nodeSelector: { divisor: '1' } }), spec({ nodeSelector: { divisor: '1000m' } })],
    ['a list or an object', spec({ tolerations: [{ key: 'a' }] }), spec({ tolerations: { 0: { key: 'a' } } })],
    [
      'a set with an entry more',
      container({ securityContext: { capabilities: { add: ['A'] } } }),
      container({ securityContext: { capabilities: { add: ['A', 'B'] } } }),
    ],
  ];
  for (const [why, a, b] of rows) {
    assert.equal(sameTemplate(a, b), false, why);
    assert.equal(sameTemplate(b, a), false, `${why}, the other way round`);
  }
});

test('every template is the same as its copy, and as the copy with nothing said in more words', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 })), (template) => {
      assert.ok(sameTemplate(template, structuredClone(template)));
      assert.ok(sameTemplate(template, { ...template, 'not there': null }));
      assert.ok(sameTemplate({ ...template, 'not there': [] }, template));
    }),
  );
});

test('sameness is symmetric', () => {
  const value = fc.dictionary(
    fc.constantFrom('limits', 'values', 'emptyDir', 'resources', 'x'),
    fc.oneof(
      fc.constantFrom('1', '1000m', 1, null, '', false),
      fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('cpu', 'values'), fc.constantFrom('1', '1000m', null)),
    ),
  );
  fc.assert(fc.property(value, value, (a, b) => assert.equal(sameTemplate(a, b), sameTemplate(b, a))));
});
