import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutPolicySpec, RolloutWave } from '../../../api/index.ts';
import { node } from '../builders.test-support.ts';
import { rolloutPolicy } from './policies.test-support.ts';
import { type PolicyView, readPolicy } from './policy-view.ts';

const problem = (spec: Partial<RolloutPolicySpec>) => {
  const read = readPolicy(rolloutPolicy(spec));
  return 'problem' in read ? read.problem : undefined;
};

describe('a policy as it is read', () => {
  it('has its defaults filled in, and the wave of all nodes that are left as its last', () => {
    const view = readPolicy(rolloutPolicy({ waves: [{ name: 'canary' }] })) as PolicyView;
    assert.equal(view.paused, false);
    assert.equal(view.progressDeadlineMs, 600_000);
    assert.equal(view.onFailure, 'Hold');
    assert.deepEqual(
      view.waves.map(({ name, limit, soakMs, manual }) => ({ name, limit, soakMs, manual })),
      [
        { name: 'canary', limit: undefined, soakMs: 0, manual: false },
        { name: 'rest', limit: undefined, soakMs: 0, manual: false },
      ],
    );
  });

  it('takes all nodes without a selector and the matching ones with one, an empty one matching all', () => {
    const waves = [
      { name: 'a', nodeSelector: { matchLabels: { pool: 'x' } } },
      { name: 'b', nodeSelector: {} },
    ];
    const { waves: read } = readPolicy(rolloutPolicy({ waves })) as PolicyView;
    const taken = (labels: Record<string, string>) => read.map(({ takes }) => takes(node('n', { labels })));
    assert.deepEqual(taken({ pool: 'x' }), [true, true, true]);
    assert.deepEqual(taken({ pool: 'y' }), [false, true, true]);
  });

  it('carries the annotations that people steer it with', () => {
    const annotations = { 'everynode.dev/approve': 'abc/canary', 'everynode.dev/retry': 'abc' };
    const view = readPolicy(rolloutPolicy({}, { annotations })) as PolicyView;
    assert.deepEqual([view.approved, view.retried], ['abc/canary', 'abc']);
  });
});

describe('a policy that cannot be read', () => {
  const wave = (changes: Partial<RolloutWave>) => ({ waves: [{ name: 'a', ...changes }] });
  const expression = (operator: string, values?: string[]) =>
    wave({ nodeSelector: { matchExpressions: [{ key: 'k', operator, ...(values === undefined ? {} : { values }) }] } });
  const rows: readonly (readonly [Partial<RolloutPolicySpec>, path: string | undefined])[] = [
    [{ progressDeadlineSeconds: -1 }, 'spec.progressDeadlineSeconds'],
    [{ progressDeadlineSeconds: 0.5 }, 'spec.progressDeadlineSeconds'],
    [{ progressDeadlineSeconds: 0 }, undefined],
    [{ failureTolerance: -1 }, 'spec.failureTolerance'],
    [{ failureTolerance: 'some' }, 'spec.failureTolerance'],
    [{ failureTolerance: '0%' }, undefined],
    [{ failureTolerance: 3 }, undefined],
    [{ onFailure: 'Panic' }, 'spec.onFailure'],
    [wave({ name: 'No Label' }), 'spec.waves[0].name'],
    [wave({ name: 'rest' }), 'spec.waves[0].name'],
    [{ waves: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }, 'spec.waves[2].name'],
    [wave({ nodes: 0 }), 'spec.waves[0].nodes'],
    [wave({ nodes: '0%' }), 'spec.waves[0].nodes'],
    [wave({ nodes: 'some' }), 'spec.waves[0].nodes'],
    [wave({ nodes: 1 }), undefined],
    [wave({ nodes: '1%' }), undefined],
    [wave({ soakSeconds: -5 }), 'spec.waves[0].soakSeconds'],
    [wave({ approval: 'Maybe' }), 'spec.waves[0].approval'],
    [wave({ approval: 'Manual' }), undefined],
    [expression('In', []), 'spec.waves[0].nodeSelector.matchExpressions[0]'],
    [expression('Exists', ['x']), 'spec.waves[0].nodeSelector.matchExpressions[0]'],
    [expression('Like', ['x']), 'spec.waves[0].nodeSelector.matchExpressions[0]'],
    [expression('NotIn', ['x']), undefined],
    [expression('DoesNotExist'), undefined],
    // Without a schema in the way, anything may stand there.
    [{ waves: 'all' as never }, 'spec.waves'],
    [{ waves: [{}] as never }, 'spec.waves[0].name'],
    [wave({ nodeSelector: { matchLabels: 'x' as never } }), 'spec.waves[0].nodeSelector.matchLabels'],
  ];
  for (const [spec, path] of rows)
    it(`${JSON.stringify(spec)}: ${path === undefined ? 'fine' : 'says where'}`, () => {
      const found = problem(spec);
      assert.equal(found?.slice(0, path?.length), path, found);
    });
});
