import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../../api/index.ts';
import { podRequests } from './amounts.ts';

const container = (name: string, requests: Record<string, string>, restartPolicy?: string): Container => ({
  name,
  resources: { requests },
  ...(restartPolicy === undefined ? {} : { restartPolicy }),
});

const cases: readonly (readonly [title: string, spec: PodSpec, requests: Record<string, number>])[] = [
  [
    'containers add up, CPU in thousandths and memory in bytes',
    { containers: [container('a', { cpu: '100m', memory: '1Mi' }), container('b', { cpu: '1.5', memory: '1M' })] },
    { cpu: 1600, memory: 2_048_576 },
  ],
  [
    'an init container weighs only where it needs more than all main containers together',
    {
      containers: [container('a', { cpu: '100m', memory: '10Mi' })],
      initContainers: [container('i', { cpu: '500m', memory: '1Mi' }), container('j', { cpu: '300m' })],
    },
    { cpu: 500, memory: 10 * 2 ** 20 },
  ],
  [
    'a sidecar weighs on the init containers after it and on the main containers',
    {
      containers: [container('a', { cpu: '100m' })],
      initContainers: [container('s', { cpu: '200m' }, 'Always'), container('i', { cpu: '250m' })],
    },
    { cpu: 450 },
  ],
  [
    'a sidecar that comes later does not weigh on the init containers before it',
    {
      containers: [container('a', { cpu: '100m' })],
      initContainers: [container('i', { cpu: '250m' }), container('s', { cpu: '200m' }, 'Always')],
    },
    { cpu: 300 },
  ],
  [
    'overhead is added on top',
    { containers: [container('a', { cpu: '100m' })], overhead: { cpu: '50m', memory: '1Ki' } },
    { cpu: 150, memory: 1024 },
  ],
];

for (const [title, spec, requests] of cases)
  test(title, () => assert.deepEqual(Object.fromEntries(podRequests(spec)), requests));
