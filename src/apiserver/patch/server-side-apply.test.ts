import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isReason, type KubernetesObject, type StatusError } from '../../api/index.ts';
import { fromFieldsV1, toFieldsV1 } from './field-set.ts';
import { updateManagedFields } from './managed-fields.ts';
import { applyPatch } from './patch.ts';

const resourceKey = 'apps/v1/DaemonSet';
const identity = { apiVersion: 'apps/v1', kind: 'DaemonSet' };

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly [field: string]: unknown;
}

function configuration(containers: readonly Container[], extra: object = {}) {
  return { ...identity, metadata: { name: 'x' }, spec: { template: { spec: { containers } }, ...extra } };
}

function apply(current: KubernetesObject | undefined, manager: string, patch: unknown, force = false, now = 0) {
  return applyPatch('application/apply-patch+yaml', current, patch, { resourceKey, fieldManager: manager, force, now });
}

function update(current: KubernetesObject, manager: string, patch: unknown, isNamed = true) {
  const next = applyPatch('application/merge-patch+json', current, patch, {
    resourceKey,
    fieldManager: manager,
    now: 0,
  });
  return updateManagedFields(current, next, { resourceKey, manager, isNamed, now: 0 });
}

function containersOf(object: KubernetesObject): readonly Container[] {
  return (object as unknown as ReturnType<typeof configuration>).spec.template.spec.containers;
}

function managersOf(object: KubernetesObject) {
  const entries = (object.metadata.managedFields ?? []) as readonly {
    readonly manager: string;
    readonly fieldsV1: unknown;
  }[];
  return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}

function conflict(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (isReason(error, 'Conflict')) return error;
    throw error;
  }
  assert.fail('there was no conflict');
}

describe('server-side apply', () => {
  test('creates, and says who owns what', () => {
    const created = apply(undefined, 'alice', configuration([{ name: 'a', image: 'a:1' }]));
    assert.deepEqual(created.metadata.managedFields, [
      {
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:template': {
              'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
            },
          },
        },
        manager: 'alice',
        operation: 'Apply',
        time: '1970-01-01T00:00:00Z',
      },
    ]);
  });

  test('twice changes nothing, not even the time', () => {
    const patch = configuration([{ name: 'a', image: 'a:1' }]);
    const once = apply(undefined, 'alice', patch);
    assert.deepEqual(apply(once, 'alice', patch, false, 60_000), once);
  });

  test('of two managers merges their entries and leaves each its own', () => {
    const one = apply(undefined, 'alice', configuration([{ name: 'a', image: 'a:1' }]));
    const both = apply(one, 'bob', configuration([{ name: 'b', image: 'b:1' }]));
    assert.deepEqual(new Set(containersOf(both).map((entry) => entry.name)), new Set(['a', 'b']));
    const again = apply(both, 'bob', configuration([{ name: 'c', image: 'c:1' }]));
    assert.deepEqual(new Set(containersOf(again).map((entry) => entry.name)), new Set(['a', 'c']));
  });

  test('removes the fields it no longer names, with the defaults that came into its entries', () => {
    const one = apply(
      undefined,
      'alice',
      configuration([{ name: 'a' }, { name: 'b', image: 'b:1' }], { minReadySeconds: 3 }),
    );
    const [a, b] = containersOf(one);
    const defaulted = {
      ...one,
      spec: { ...configuration([a!, { ...b!, imagePullPolicy: 'Always' }], { minReadySeconds: 3 }).spec },
    };
    const next = apply(defaulted, 'alice', configuration([{ name: 'a' }]));
    assert.deepEqual(containersOf(next), [{ name: 'a' }]);
    assert.ok(!('minReadySeconds' in (next as unknown as { spec: object }).spec));
  });

  test('refuses to change what another manager applied, unless forced', () => {
    const one = apply(undefined, 'alice', configuration([{ name: 'a', image: 'a:1' }]));
    const patch = configuration([{ name: 'a', image: 'a:2' }]);
    const error = conflict(() => apply(one, 'bob', patch));
    assert.equal(
      error.message,
      'Apply failed with 1 conflict: conflict with "alice": .spec.template.spec.containers[name="a"].image',
    );
    assert.deepEqual(error.details?.causes, [
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "alice"',
        field: '.spec.template.spec.containers[name="a"].image',
      },
    ]);
    const forced = apply(one, 'bob', patch, true);
    assert.equal(containersOf(forced)[0]?.image, 'a:2');
    assert.deepEqual(toFieldsV1(fromFieldsV1(managersOf(forced)['alice'])), {
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } } } },
    });
  });

  test('shares a field with a manager that wants the same value', () => {
    const patch = configuration([{ name: 'a', image: 'a:1' }]);
    const both = apply(apply(undefined, 'alice', patch), 'bob', patch);
    const left = apply(both, 'bob', configuration([]));
    assert.deepEqual(containersOf(left), [{ name: 'a', image: 'a:1' }]);
  });

  test('conflicts with what a plain update changed since', () => {
    const one = apply(undefined, 'alice', configuration([{ name: 'a' }], { minReadySeconds: 1 }));
    const updated = update(one, 'kubectl-edit', { spec: { minReadySeconds: 2 } });
    assert.deepEqual(managersOf(updated)['kubectl-edit'], { 'f:spec': { 'f:minReadySeconds': {} } });
    const error = conflict(() => apply(updated, 'alice', configuration([{ name: 'a' }], { minReadySeconds: 1 })));
    assert.match(error.message, /conflict with "kubectl-edit" using apps\/v1: \.spec\.minReadySeconds$/);
  });

  test('keeps up what kubectl had applied from the client, for kubectl alone', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const plain = {
      ...(configuration([{ name: 'a', image: 'a:1' }]) as object),
      metadata: { name: 'x', annotations: { [annotation]: '{"old":true}' } },
    } as unknown as KubernetesObject;
    const patch = {
      ...(configuration([{ name: 'a', image: 'a:2' }]) as object),
      metadata: { name: 'x', annotations: { [annotation]: 'in the way' } },
    };
    const recorded = (manager: string) => apply(plain, manager, patch, true).metadata.annotations?.[annotation];
    assert.equal(
      recorded('kubectl'),
      '{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"x"},"spec":{"template":{"spec":{"containers":[{"image":"a:2","name":"a"}]}}}}\n',
    );
    assert.equal(recorded('other'), 'in the way');
    const fresh = apply(undefined, 'kubectl', configuration([{ name: 'a', image: 'a:1' }]));
    assert.equal(fresh.metadata.annotations?.[annotation], undefined);
  });

  test('conflicts with the values of an object that nobody had applied', () => {
    const plain = configuration([{ name: 'a', image: 'a:1' }]) as KubernetesObject;
    const error = conflict(() => apply(plain, 'alice', configuration([{ name: 'a', image: 'a:2' }])));
    assert.match(error.message, /"before-first-apply"/);
  });

  test('is no conflict for kubectl where kubectl had applied from the client, unless somebody has changed it', () => {
    const old = configuration([{ name: 'a', image: 'a:1' }], { minReadySeconds: 3 });
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(old) };
    const live = { ...old, metadata: { name: 'x', annotations } } as KubernetesObject;
    const wanted = configuration([{ name: 'a', image: 'a:2' }]);
    assert.deepEqual(containersOf(apply(live, 'kubectl', wanted)), [{ name: 'a', image: 'a:2' }]);
    conflict(() => apply(live, 'somebody', wanted));
    const scaled = update(live, 'kubectl-edit', { spec: { minReadySeconds: 4 } });
    const again = configuration([{ name: 'a', image: 'a:2' }], { minReadySeconds: 3 });
    assert.match(
      conflict(() => apply(scaled, 'kubectl', again)).message,
      /1 conflict: .*"kubectl-edit".*minReadySeconds$/,
    );
  });

  test('prunes what kubectl had applied from the client once kubectl has made the record its own', () => {
    const create = configuration([{ name: 'a', image: 'a:1', imagePullPolicy: 'Always' }], { minReadySeconds: 3 });
    const csa = { resourceKey, manager: 'kubectl-client-side-apply', isNamed: true, now: 0 };
    const live = updateManagedFields(undefined, create, csa);
    const wanted = configuration([{ name: 'b', image: 'b:1' }]);
    const both = apply(live, 'kubectl', wanted);
    assert.deepEqual(
      containersOf(both).map(({ name }) => name),
      ['a', 'b'],
    );
    // csaupgrade.UpgradeManagedFieldsPatch: the client's own Update becomes the applier's Apply.
    const record = (both.metadata.managedFields ?? []) as readonly { readonly manager: string }[];
    const [theirs] = record.filter(({ manager }) => manager === csa.manager);
    const upgrade = [{ ...theirs, manager: 'kubectl', operation: 'Apply' }];
    const upgraded = update(both, 'kubectl', { metadata: { managedFields: upgrade } });
    const last = apply(upgraded, 'kubectl', wanted);
    assert.deepEqual(containersOf(last), [{ name: 'b', image: 'b:1' }]);
    assert.ok(!('minReadySeconds' in (last as unknown as { spec: object }).spec));
    assert.deepEqual(Object.keys(managersOf(last)), ['kubectl']);
  });

  test('owns a selector and a toleration list as a whole', () => {
    const patch = {
      ...identity,
      metadata: { name: 'x' },
      spec: { selector: { matchLabels: { a: 'b' } }, template: { spec: { tolerations: [{ key: 'a' }] } } },
    };
    assert.deepEqual(managersOf(apply(undefined, 'alice', patch))['alice'], {
      'f:spec': { 'f:selector': {}, 'f:template': { 'f:spec': { 'f:tolerations': {} } } },
    });
  });

  test('tells the TCP and the UDP port of one number apart', () => {
    const ports = [{ containerPort: 53, protocol: 'UDP' }, { containerPort: 53 }];
    const created = apply(undefined, 'alice', configuration([{ name: 'a', ports }]));
    const next = apply(created, 'alice', configuration([{ name: 'a', ports: [ports[1]] }]));
    assert.deepEqual(containersOf(next)[0]?.['ports'], [{ containerPort: 53 }]);
  });

  test('takes another spelling of an amount for the same amount', () => {
    const container = (cpu: unknown) => configuration([{ name: 'a', resources: { requests: { cpu } } }]);
    const live = apply(undefined, 'alice', container('100m'));
    assert.deepEqual(containersOf(apply(live, 'bob', container('0.1'))), containersOf(live));
  });

  test('leaves the status to the status subresource', () => {
    const patch = { ...configuration([{ name: 'a' }]), status: { numberReady: 7 } };
    assert.ok(!('status' in apply(undefined, 'alice', patch)));
  });

  test('refuses the same entry twice, managedFields in the configuration, and what is no object', () => {
    for (const patch of [
      configuration([{ name: 'a' }, { name: 'a' }]),
      { ...identity, metadata: { name: 'x', managedFields: [{ manager: 'me' }] } },
      ['x'],
    ])
      assert.throws(
        () => apply(undefined, 'alice', patch),
        (error) => isReason(error, 'BadRequest'),
      );
  });

  const containers = fc.uniqueArray(
    fc.record(
      { name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('x:1', 'x:2') },
      { noNullPrototype: true },
    ),
    { selector: (entry) => entry.name },
  );

  test('of nothing leaves no record', () => {
    const made = apply(undefined, 'alice', configuration([{ name: 'a', image: 'i' }]));
    const nothing = { ...identity, metadata: { name: 'x' } };
    assert.deepEqual(Object.keys(managersOf(apply(made, 'bob', nothing))), ['alice']);
  });

  test('takes an entry out that nobody else has made, whatever others have in it', () => {
    const made = apply(
      undefined,
      'alice',
      configuration([
        { name: 'a', image: 'i' },
        { name: 'b', image: 'i' },
      ]),
    );
    const changed = update(made, 'bob', {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'a', image: 'i' },
              { name: 'b', image: 'i', args: ['x'] },
            ],
          },
        },
      },
    });
    const left = apply(changed, 'alice', configuration([{ name: 'a', image: 'i' }]));
    assert.deepEqual(containersOf(left), [{ name: 'a', image: 'i' }]);
    assert.deepEqual(Object.keys(managersOf(left)), ['alice']);
    const none = apply(changed, 'alice', { ...identity, metadata: { name: 'x' }, spec: { minReadySeconds: 1 } });
    assert.deepEqual((none as unknown as { spec: unknown }).spec, { minReadySeconds: 1, template: { spec: {} } });
  });

  test('takes out with a field what was filled into it', () => {
    const filled = { httpGet: { path: '/', port: 80, scheme: 'HTTP' }, periodSeconds: 10 };
    const probed = (livenessProbe: object) => configuration([{ name: 'a', image: 'i', livenessProbe }]);
    const made = apply(undefined, 'alice', probed({ httpGet: { path: '/', port: 80 } }));
    const { managedFields } = made.metadata;
    const stored = { ...probed(filled), metadata: { name: 'x', managedFields } } as unknown as KubernetesObject;
    const exec = { command: ['x'] };
    assert.deepEqual(containersOf(apply(stored, 'alice', probed({ exec }))), [
      { name: 'a', image: 'i', livenessProbe: { exec, periodSeconds: 10 } },
    ]);
    const bare = configuration([{ name: 'a', image: 'i' }]);
    assert.deepEqual(containersOf(apply(stored, 'alice', bare)), [{ name: 'a', image: 'i' }]);
    const shared = update(stored, 'bob', {
      spec: {
        template: { spec: { containers: [{ name: 'a', image: 'i', livenessProbe: { ...filled, periodSeconds: 5 } }] } },
      },
    });
    assert.deepEqual(containersOf(apply(shared, 'alice', bare)), [
      { name: 'a', image: 'i', livenessProbe: { periodSeconds: 5 } },
    ]);
  });

  test('is no conflict where what it takes out leaves something empty that another has', () => {
    const context = (capabilities: object) => ({ name: 'a', image: 'i', securityContext: { capabilities } });
    const made = update(configuration([{ name: 'a', image: 'i' }]), 'bob', {
      spec: { template: { spec: { containers: [context({ add: ['A'] })] } } },
    });
    const taken = apply(made, 'alice', configuration([context({ add: ['B'] })]), true);
    const left = apply(taken, 'alice', configuration([{ name: 'a', image: 'i' }]));
    assert.deepEqual(containersOf(left), [context({})]);
  });

  test('puts what is new behind what was there, and what both name in the order of the last who applied it', () => {
    const orders = [
      ['a', 'b', 'ab'],
      ['ab', 'ba', 'ba'],
      ['abc', 'cb', 'acb'],
      ['b', 'ab', 'ab'],
      ['ac', 'bc', 'abc'],
      ['abd', 'cb', 'acbd'],
    ] as const;
    const named = (letters: string) => configuration(letters.split('').map((name) => ({ name, image: 'i' })));
    for (const [first, second, together] of orders) {
      const object = apply(apply(undefined, 'alice', named(first)), 'bob', named(second));
      const names = containersOf(object).map(({ name }) => name);
      assert.equal(names.join(''), together, `${first}, then ${second}`);
    }
  });

  test('by one manager, again and again, leaves exactly the last configuration', () => {
    fc.assert(
      fc.property(fc.array(containers, { minLength: 1, maxLength: 4 }), (history) => {
        let object: KubernetesObject | undefined;
        for (const entries of history) object = apply(object, 'alice', configuration(entries));
        assert.deepEqual(containersOf(object!), history.at(-1));
      }),
    );
  });

  test('by force makes the applier own all it named, and nobody else what changed', () => {
    fc.assert(
      fc.property(containers, containers, (mine, theirs) => {
        const object = apply(apply(undefined, 'alice', configuration(mine)), 'bob', configuration(theirs), true);
        for (const entry of theirs)
          assert.deepEqual(
            containersOf(object).find(({ name }) => name === entry.name),
            entry,
          );
        assert.doesNotThrow(() => apply(object, 'bob', configuration(theirs)));
      }),
    );
  });
});

describe('managed fields', () => {
  test('begin with the first write that names its manager', () => {
    const plain = configuration([{ name: 'a' }]) as KubernetesObject;
    const unnamed = update(plain, 'someone', { spec: { minReadySeconds: 2 } }, false);
    assert.equal(unnamed.metadata.managedFields, undefined);
    const named = managersOf(update(unnamed, 'kubectl-edit', { spec: { minReadySeconds: 3 } }));
    assert.deepEqual(named['kubectl-edit'], { 'f:spec': { 'f:minReadySeconds': {} } });
    assert.deepEqual(Object.keys(named), ['before-first-apply', 'kubectl-edit']);
  });

  test('of a created object are what its creator wrote, what holds it included, but not what is always there', () => {
    const labels = { app: 'x' };
    const body = { ...configuration([{ name: 'a', resources: { limits: { cpu: '1' } } }]), status: {} };
    const object = { ...body, metadata: { name: 'x', labels } } as unknown as KubernetesObject;
    const created = updateManagedFields(undefined, object, { resourceKey, manager: 'm', isNamed: true, now: 0 });
    assert.deepEqual(managersOf(created), {
      m: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"a"}': {
                  '.': {},
                  'f:name': {},
                  'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
    });
  });

  test('say when their manager last set a value, appliers first', () => {
    const written = (object: KubernetesObject, manager: string, minReadySeconds: number | undefined, now: number) => {
      const { minReadySeconds: _, ...rest } = (object as unknown as { spec: Record<string, unknown> }).spec;
      const spec = minReadySeconds === undefined ? rest : { ...rest, minReadySeconds };
      const next = { ...object, spec } as KubernetesObject;
      return updateManagedFields(object, next, { resourceKey, manager, isNamed: true, now });
    };
    const order = ({ metadata }: KubernetesObject) =>
      (metadata.managedFields as { manager: string; time: string }[]).map(({ manager, time }) => `${manager} ${time}`);
    const first = written(configuration([]), 'm', 1, 1000);
    const again = written(first, 'm', 2, 60_000);
    assert.equal(order(again).at(-1), 'm 1970-01-01T00:01:00Z');
    const object = apply(again, 'alice', configuration([{ name: 'a' }]));
    assert.equal(order(object)[0]!.split(' ')[0], 'alice');
    assert.equal(order(written(object, 'other', undefined, 120_000)).length, order(object).length - 1);
  });

  test('that a writer sends along count, if there are any', () => {
    const applied = apply(undefined, 'alice', configuration([{ name: 'a' }]));
    const mine = [{ ...(applied.metadata.managedFields![0] as object), manager: 'bob' }];
    assert.deepEqual(Object.keys(managersOf(update(applied, 'm', { metadata: { managedFields: mine } }))), ['bob']);
    const none = update(applied, 'm', { metadata: { managedFields: null } });
    assert.deepEqual(Object.keys(managersOf(none)), ['alice']);
  });

  test('are forgotten when a writer sets one empty entry', () => {
    const applied = apply(undefined, 'alice', configuration([{ name: 'a' }]));
    assert.equal(update(applied, 'someone', { metadata: { managedFields: [{}] } }).metadata.managedFields, undefined);
  });

  test('stay when a writer leaves them out', () => {
    const applied = apply(undefined, 'alice', configuration([{ name: 'a' }]));
    const { managedFields: _, ...metadata } = applied.metadata;
    const options = { resourceKey, manager: 'someone', isNamed: true, now: 0 };
    const next = updateManagedFields(applied, { ...applied, metadata }, options);
    assert.deepEqual(next.metadata.managedFields, applied.metadata.managedFields);
  });
});
