import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeSelectorRequirement, NodeSelectorTerm } from './core.ts';
import { compileNodeSelector, pinnedNode } from './node-affinity.ts';

const labels = { zone: 'a', cores: '8', negative: '-3', empty: '' };
const matches = (...terms: NodeSelectorTerm[]) => compileNodeSelector({ nodeSelectorTerms: terms })(labels, 'node-1');

test('every operator of matchExpressions decides on the label', () => {
  const cases: readonly (readonly [requirement: NodeSelectorRequirement, holds: boolean])[] = [
    [{ key: 'zone', operator: 'In', values: ['a', 'b'] }, true],
    [{ key: 'zone', operator: 'In', values: ['b'] }, false],
    [{ key: 'absent', operator: 'In', values: ['a'] }, false],
    [{ key: 'empty', operator: 'In', values: [''] }, true],
    [{ key: 'zone', operator: 'NotIn', values: ['b'] }, true],
    [{ key: 'zone', operator: 'NotIn', values: ['a', 'b'] }, false],
    [{ key: 'absent', operator: 'NotIn', values: ['a'] }, true],
    [{ key: 'empty', operator: 'Exists' }, true],
    [{ key: 'absent', operator: 'Exists' }, false],
    [{ key: 'absent', operator: 'DoesNotExist' }, true],
    [{ key: 'empty', operator: 'DoesNotExist' }, false],
    [{ key: 'cores', operator: 'Gt', values: ['7'] }, true],
    [{ key: 'cores', operator: 'Gt', values: ['8'] }, false],
    // As numbers, not as text: '10' < '8' as text.
    [{ key: 'cores', operator: 'Lt', values: ['10'] }, true],
    [{ key: 'cores', operator: 'Lt', values: ['8'] }, false],
    [{ key: 'negative', operator: 'Lt', values: ['0'] }, true],
    [{ key: 'absent', operator: 'Lt', values: ['8'] }, false],
    [{ key: 'zone', operator: 'Gt', values: ['1'] }, false],
    [{ key: 'toString', operator: 'Exists' }, false],
  ];
  for (const [requirement, holds] of cases)
    assert.equal(matches({ matchExpressions: [requirement] }), holds, JSON.stringify(requirement));
});

test('a malformed requirement matches no node', () => {
  const cases: readonly NodeSelectorRequirement[] = [
    { key: 'zone', operator: 'Near', values: ['a'] },
    { key: 'absent', operator: 'NotIn', values: [] },
    { key: 'zone', operator: 'In' },
    { key: 'zone', operator: 'Exists', values: ['a'] },
    { key: 'absent', operator: 'DoesNotExist', values: ['a'] },
    { key: 'cores', operator: 'Gt', values: ['x'] },
    { key: 'cores', operator: 'Gt', values: ['1', '2'] },
    { key: 'cores', operator: 'Gt' },
  ];
  for (const requirement of cases)
    assert.equal(matches({ matchExpressions: [requirement] }), false, JSON.stringify(requirement));
});

test('matchFields knows metadata.name alone, with exactly one value', () => {
  const cases: readonly (readonly [requirement: NodeSelectorRequirement, holds: boolean])[] = [
    [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }, true],
    [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }, false],
    [{ key: 'metadata.name', operator: 'NotIn', values: ['node-2'] }, true],
    [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }, false],
    [{ key: 'metadata.name', operator: 'In', values: ['node-1', 'node-2'] }, false],
    [{ key: 'metadata.name', operator: 'In' }, false],
    [{ key: 'metadata.name', operator: 'Exists' }, false],
    [{ key: 'metadata.uid', operator: 'In', values: ['node-1'] }, false],
    [{ key: 'metadata.uid', operator: 'NotIn', values: ['node-1'] }, false],
  ];
  for (const [requirement, holds] of cases)
    assert.equal(matches({ matchFields: [requirement] }), holds, JSON.stringify(requirement));
});

test('terms are ORed, what is within a term is ANDed', () => {
  const yes: NodeSelectorRequirement = { key: 'zone', operator: 'Exists' };
  const no: NodeSelectorRequirement = { key: 'zone', operator: 'DoesNotExist' };
  const here: NodeSelectorRequirement = { key: 'metadata.name', operator: 'In', values: ['node-1'] };
  const there: NodeSelectorRequirement = { key: 'metadata.name', operator: 'In', values: ['node-2'] };
  assert.equal(matches({ matchExpressions: [yes, yes] }), true);
  assert.equal(matches({ matchExpressions: [yes, no] }), false);
  assert.equal(matches({ matchExpressions: [yes], matchFields: [there] }), false);
  assert.equal(matches({ matchExpressions: [yes], matchFields: [here] }), true);
  assert.equal(matches({ matchExpressions: [no] }, { matchFields: [here] }), true);
  assert.equal(matches({ matchExpressions: [no] }, { matchFields: [there] }), false);
});

test('no terms and empty terms match no node', () => {
  assert.equal(matches(), false);
  assert.equal(matches({}), false);
  assert.equal(matches({ matchExpressions: [], matchFields: [] }), false);
});

test('a node without labels is matched by what asks for none', () => {
  const selector = compileNodeSelector({
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }],
  });
  assert.equal(selector(undefined, 'node-1'), true);
});

test('a pod is pinned by the first metadata.name In with exactly one name (util.GetTargetNodeName)', () => {
  const pin = (...values: string[]): NodeSelectorTerm => ({
    matchFields: [{ key: 'metadata.name', operator: 'In', values }],
  });
  const other: NodeSelectorTerm = { matchExpressions: [{ key: 'zone', operator: 'Exists' }] };
  assert.equal(pinnedNode({ nodeSelectorTerms: [pin('node-1')] }), 'node-1');
  assert.equal(pinnedNode({ nodeSelectorTerms: [other, pin('node-1')] }), 'node-1');
  assert.equal(pinnedNode({ nodeSelectorTerms: [pin('node-1', 'node-2')] }), undefined);
  assert.equal(pinnedNode({ nodeSelectorTerms: [pin()] }), undefined);
  assert.equal(pinnedNode({ nodeSelectorTerms: [other] }), undefined);
  assert.equal(
    pinnedNode({ nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['x'] }] }] }),
    undefined,
  );
  assert.equal(pinnedNode(undefined), undefined);
});
