// What the API answers to DaemonSets, good and bad: defaults, refusals, the exact words of each.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { isReason, type KubernetesObject, StatusError } from '../../api/index.ts';
import { prepare, validateCreate, validateUpdate } from './index.ts';

const key = 'apps/v1/DaemonSet';
const manifest = load(readFileSync(join(import.meta.dirname, '../../../examples/fluentd-elasticsearch.yaml'), 'utf8'));
const strict = { fieldValidation: 'Strict' } as const;

// biome-ignore format: paths read best on one line
type Draft = { metadata: Record<string, unknown>; spec: Record<string, unknown> & { selector: Record<string, unknown>; template: { metadata: Record<string, unknown>; spec: Record<string, unknown> & { containers: Record<string, unknown>[] } } }; status?: Record<string, unknown> };

/** The seed's manifest, changed. */
function draft(change: (draft: Draft) => void): KubernetesObject {
  const copy = structuredClone(manifest) as Draft;
  change(copy);
  return prepare(key, copy, strict).object;
}

function refusal(action: () => void): StatusError {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  assert.fail('it was accepted');
}

describe('the manifest of the seed', () => {
  test('gets the defaults of kube-apiserver', () => {
    const { object, warnings } = prepare(key, manifest, strict);
    const golden: unknown = JSON.parse(
      readFileSync(join(import.meta.dirname, 'testdata/fluentd-elasticsearch.prepared.json'), 'utf8'),
    );
    assert.deepEqual(object, golden);
    assert.deepEqual(warnings, []);
  });

  test('is valid', () => validateCreate(key, prepare(key, manifest, strict).object));

  test('is left alone the second time: not even copied', () => {
    const { object } = prepare(key, manifest, strict);
    assert.equal(prepare(key, object, strict).object, object);
  });

  test('is not changed itself', () => {
    const copy = structuredClone(manifest);
    prepare(key, manifest, strict);
    assert.deepEqual(manifest, copy);
  });
});

describe('a DaemonSet is refused', () => {
  const rows: readonly (readonly [why: string, change: (draft: Draft) => void, errors: readonly string[]])[] = [
    [
      'when its pods would not always restart',
      ({ spec }) => (spec.template.spec['restartPolicy'] = 'Never'),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'when the selector does not select the template',
      ({ spec }) => (spec.selector = { matchLabels: { name: 'other' } }),
      [
        'spec.template.metadata.labels: Invalid value: {"name":"fluentd-elasticsearch"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'when the selector is empty',
      ({ spec }) => (spec.selector = {}),
      ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
    ],
    [
      'when the selector has an operator nobody knows',
      ({ spec }) => (spec.selector = { matchExpressions: [{ key: 'name', operator: 'Is', values: ['x'] }] }),
      ['spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
    ],
    [
      'with maxSurge beside the default maxUnavailable',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxSurge: 1 } }),
      ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
    ],
    [
      'with neither maxSurge nor maxUnavailable',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    [
      'with more than 100%',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: '101%' } }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'with a fraction that is no percentage',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: 0, maxSurge: 'half' } }),
      [
        `spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "half": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
        'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
      ],
    ],
    [
      'with a negative maxUnavailable',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: -1 } }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'with a strategy nobody knows',
      ({ spec }) => (spec['updateStrategy'] = { type: 'Canary' }),
      [
        'spec.updateStrategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
      ],
    ],
    [
      'with a deadline for its pods',
      ({ spec }) => (spec.template.spec['activeDeadlineSeconds'] = 5),
      ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported'],
    ],
    [
      'with negative numbers',
      ({ spec }) => Object.assign(spec, { minReadySeconds: -1, revisionHistoryLimit: -2 }),
      [
        'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.revisionHistoryLimit: Invalid value: -2: must be greater than or equal to 0',
      ],
    ],
    [
      'without a name',
      ({ metadata }) => delete metadata['name'],
      ['metadata.name: Required value: name or generateName is required'],
    ],
    [
      'without containers, and without anything else said about it',
      ({ spec }) => (spec.template.spec.containers = []),
      ['spec.template.spec.containers: Required value'],
    ],
    [
      'with a mount of a volume that is not there',
      ({ spec }) => (spec.template.spec['volumes'] = [{ name: 'varlog', hostPath: { path: '/var/log' } }]),
      ['spec.template.spec.containers[0].volumeMounts[1].name: Not found: "varlibdockercontainers"'],
    ],
    [
      'with a template label that is none',
      ({ spec }) => (spec.template.metadata['labels'] = { name: 'fluentd-elasticsearch', 'a b': 'c' }),
      [
        "spec.template.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
  ];
  for (const [why, change, errors] of rows) {
    test(why, () => {
      const object = draft(change);
      const error = refusal(() => validateCreate(key, object));
      const name = object.metadata.name ?? '';
      assert.equal(
        error.message,
        `DaemonSet.apps "${name}" is invalid: ${errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`}`,
      );
      assert.deepEqual(
        error.details?.causes?.map((cause) => `${cause.field}: ${cause.message}`),
        errors,
      );
      assert.deepEqual([error.code, error.details?.group, error.details?.kind], [422, 'apps', 'DaemonSet']);
    });
  }
});

describe('a DaemonSet is accepted', () => {
  const rows: readonly (readonly [why: string, change: (draft: Draft) => void])[] = [
    [
      'with surge when maxUnavailable is 0',
      ({ spec }) => (spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: 0, maxSurge: '30%' } }),
    ],
    ['with OnDelete', ({ spec }) => (spec['updateStrategy'] = { type: 'OnDelete' })],
    ['with no history at all', ({ spec }) => (spec['revisionHistoryLimit'] = 0)],
    [
      'with a host port and surge: upstream does not refuse it either',
      ({ spec }) => {
        spec['updateStrategy'] = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
        spec.template.spec.containers[0]!['ports'] = [{ containerPort: 80, hostPort: 80 }];
      },
    ],
  ];
  for (const [why, change] of rows) test(why, () => validateCreate(key, draft(change)));
});

describe('an update of a DaemonSet', () => {
  const before = draft(() => undefined);

  test('may not change the selector', () => {
    const next = draft(({ spec }) => {
      spec.selector = { matchLabels: { name: 'fluentd-elasticsearch', extra: 'x' } };
      spec.template.metadata['labels'] = { name: 'fluentd-elasticsearch', extra: 'x' };
    });
    const error = refusal(() => validateUpdate(key, next, before));
    assert.equal(
      error.details?.causes?.[0]?.message,
      'Invalid value: {"matchLabels":{"name":"fluentd-elasticsearch","extra":"x"}}: field is immutable',
    );
    assert.equal(error.details?.causes?.[0]?.field, 'spec.selector');
  });

  test('may change the template', () =>
    validateUpdate(
      key,
      draft(({ spec }) => (spec.template.spec.containers[0]!['image'] = 'x:2')),
      before,
    ));

  test('of the status is checked by the counters alone', () => {
    const status = (collisionCount: number, numberReady = 1) =>
      draft((object) => {
        object.spec.template.spec.containers = [];
        object.status = {
          currentNumberScheduled: 1,
          desiredNumberScheduled: 1,
          numberMisscheduled: 0,
          numberReady,
          collisionCount,
        };
      });
    const context = { subresource: 'status' };
    validateUpdate(key, status(2), status(1), context);
    assert.match(
      refusal(() => validateUpdate(key, status(1, -1), status(2), context)).message,
      /\[status\.numberReady: Invalid value: -1: must be greater than or equal to 0, status\.collisionCount: Invalid value: 1: cannot be decremented\]$/,
    );
  });

  test('of a terminating one adds no finalizer', () => {
    const terminating = { ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const next = { ...terminating, metadata: { ...terminating.metadata, finalizers: ['a.b/c'] } };
    assert.match(
      refusal(() => validateUpdate(key, next, terminating)).message,
      /metadata\.finalizers: Forbidden: no new finalizers/,
    );
  });
});

describe('decoding', () => {
  const decode = (change: (draft: Draft) => void) => refusal(() => draft(change));
  const rows: readonly (readonly [why: string, change: (draft: Draft) => void, message: string])[] = [
    ['an unknown field', ({ spec }) => (spec['foo'] = 1), 'strict decoding error: unknown field "spec.foo"'],
    [
      'unknown fields in lists',
      ({ spec }) => Object.assign(spec.template.spec.containers[0]!, { imag: 'x', constructor: 1 }),
      'strict decoding error: unknown field "spec.template.spec.containers[0].imag", unknown field "spec.template.spec.containers[0].constructor"',
    ],
    [
      'a string for a number',
      ({ spec }) => (spec['minReadySeconds'] = 'soon'),
      'json: cannot unmarshal string into Go struct field DaemonSetSpec.spec.minReadySeconds of type int32',
    ],
    [
      'a fraction for an integer',
      ({ spec }) => (spec['minReadySeconds'] = 1.5),
      'json: cannot unmarshal number 1.5 into Go struct field DaemonSetSpec.spec.minReadySeconds of type int32',
    ],
    [
      'an object for a list',
      ({ spec }) => (spec.template.spec['volumes'] = {}),
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.volumes of type []v1.Volume',
    ],
    [
      'a number for a label',
      ({ metadata }) => (metadata['labels'] = { a: 1 }),
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'what is no quantity',
      ({ spec }) => (spec.template.spec.containers[0]!['resources'] = { limits: { cpu: 'lots' } }),
      "spec.template.spec.containers[0].resources.limits[cpu]: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [why, change, message] of rows) {
    test(`refuses ${why}`, () => {
      const error = decode(change);
      assert.ok(isReason(error, 'BadRequest'));
      assert.equal(error.message, `DaemonSet in version "v1" cannot be handled as a DaemonSet: ${message}`);
    });
  }

  test('under Warn drops unknown fields and says so, under Ignore says nothing', () => {
    const foreign = { ...(manifest as object), foo: 1 };
    const warned = prepare(key, foreign, { fieldValidation: 'Warn' });
    assert.deepEqual(warned.warnings, ['unknown field "foo"']);
    assert.ok(!('foo' in warned.object));
    assert.deepEqual(prepare(key, foreign, { fieldValidation: 'Ignore' }).warnings, []);
  });

  test('takes null for absent', () => {
    const object = draft(({ spec }) => Object.assign(spec, { minReadySeconds: null, updateStrategy: null }));
    assert.deepEqual(
      object,
      draft(() => undefined),
    );
  });

  test('survives keys of the prototype, in fields and in maps', () => {
    const hostile = JSON.parse(
      '{"metadata":{"name":"x","labels":{"__proto__":"a","constructor":"b"}},"__proto__":{"polluted":1},"spec":{"constructor":{}}}',
    ) as unknown;
    const { object, warnings } = prepare(key, hostile, { fieldValidation: 'Warn' });
    assert.deepEqual(warnings, ['unknown field "__proto__"', 'unknown field "spec.constructor"']);
    assert.ok(Object.hasOwn(object.metadata.labels!, '__proto__'));
    assert.equal(Object.getPrototypeOf(object), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});
