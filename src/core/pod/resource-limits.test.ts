import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, ResourceRequirements } from '../../api/index.ts';
import { kernelLimits, podMemoryLimitBytes } from './resource-limits.ts';

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
  assert.equal(score({}, 'BestEffort', 2_000_000_000), 1000, 'system-cluster-critical');
});

test('out of memory: a sidecar is not killed before those whom it serves', () => {
  const sidecar = { name: 's', restartPolicy: 'Always', resources: { requests: { memory: '1Gi' } } };
  const main = (memory: string) => ({ name: memory, resources: { requests: { memory } } });
  const score = (...containers: readonly Container[]) =>
    kernelLimits(
      { metadata: {}, spec: { initContainers: [sidecar], containers }, status: { qosClass: 'Burstable' } },
      sidecar,
      8 * gibibyte,
    ).oomScoreAdj;
  assert.equal(score(main('2Gi'), main('4Gi')), 750);
  assert.equal(score(main('2Gi'), main('512Mi')), 875);
});

test('what a pod may use of memory is the sum of its limits, if each container has one', () => {
  const limited = (memory: string) => ({ name: memory, resources: { limits: { memory } } });
  const sidecar = { ...limited('1Gi'), restartPolicy: 'Always' };
  const initContainers = [sidecar, limited('8Gi')];
  assert.equal(podMemoryLimitBytes({ initContainers, containers: [limited('2Gi')] }), 3 * gibibyte);
  assert.equal(podMemoryLimitBytes({ containers: [limited('2Gi'), { name: 'none' }] }), undefined);
});
