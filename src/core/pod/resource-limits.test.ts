import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ResourceRequirements } from '../../api/index.ts';
import { kernelLimits } from './resource-limits.ts';

const gibibyte = 2 ** 30;
const limitsOf = (resources: ResourceRequirements, qosClass = 'Burstable', priority = 0) => {
  const container = { name: 'c', resources };
  const pod: Pod = { metadata: {}, spec: { containers: [container], priority }, status: { qosClass } };
  return kernelLimits(pod, container, 8 * gibibyte);
};

test('cpu: shares by request, quota by limit; a limit alone stands for the request; next to nothing is the least', () => {
  const shown = ({ cpuShares, cpuQuota }: ReturnType<typeof limitsOf>) => [cpuShares, cpuQuota];
  assert.deepEqual(shown(limitsOf({ requests: { cpu: '500m' }, limits: { cpu: '2' } })), [512, 200_000]);
  assert.deepEqual(shown(limitsOf({ limits: { cpu: '250m' } })), [256, 25_000]);
  assert.deepEqual(shown(limitsOf({ limits: { cpu: '1m' } })), [2, 1000]);
  assert.deepEqual(shown(limitsOf({})), [2, undefined]);
});

test('memory: the limit in bytes, none when there is none', () => {
  assert.equal(limitsOf({ limits: { memory: '200Mi' } }).memoryLimitBytes, 200 * 2 ** 20);
  assert.equal(limitsOf({ requests: { memory: '200Mi' } }).memoryLimitBytes, undefined);
});

test('out of memory: those who asked for nothing go first, then by how little they asked for, the protected last', () => {
  const score = (...args: Parameters<typeof limitsOf>) => limitsOf(...args).oomScoreAdj;
  assert.equal(score({}, 'BestEffort'), 1000);
  assert.equal(score({ requests: { memory: '2Gi' } }), 750);
  assert.equal(score({ requests: { memory: '1Mi' } }), 999);
  assert.equal(score({ requests: { memory: '8Gi' } }), 3);
  assert.equal(score({}, 'Guaranteed'), -997);
  assert.equal(score({}, 'BestEffort', 2_000_001_000), -997, 'system-node-critical');
});
