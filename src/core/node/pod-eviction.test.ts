import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../api/index.ts';
import {
  firstVictim,
  hasStorageBound,
  refusedUnderPressure,
  starvedMessage,
  storageFault,
  type Tenant,
} from './pod-eviction.ts';

const mebibyte = 1024 * 1024;
interface Use {
  readonly memory?: number;
  readonly disk?: number;
  readonly volumes?: Readonly<Record<string, number>>;
}
const tenant = (spec: Partial<PodSpec>, { memory = 0, disk = 0, volumes = {} }: Use = {}, name = 'p'): Tenant => ({
  pod: { metadata: { name }, spec: { containers: [{ name: 'main' }], ...spec } },
  use: {
    containers: [{ name: 'main', memoryBytes: memory * mebibyte, diskBytes: disk * mebibyte }],
    volumeBytes: new Map(Object.entries(volumes).map(([volume, size]) => [volume, size * mebibyte])),
  },
});
const volumes = [{ name: 'v', emptyDir: { sizeLimit: '10Mi' } }];
const limited = (limit: string): readonly Container[] => [
  { name: 'main', resources: { limits: { 'ephemeral-storage': limit } } },
];

test('a pod goes when it has more on disk than it may: in a volume, in a container, in all', () => {
  assert.equal(storageFault(tenant({ volumes }, { volumes: { v: 10 } })), undefined);
  assert.equal(
    storageFault(tenant({ volumes }, { volumes: { v: 11 } })),
    'Usage of EmptyDir volume "v" exceeds the limit "10Mi". ',
  );
  const spec = { containers: limited('20Mi'), volumes: [{ name: 'v', emptyDir: {} }] };
  assert.equal(storageFault(tenant(spec, { disk: 10, volumes: { v: 10 } })), undefined);
  assert.equal(
    storageFault(tenant(spec, { disk: 10, volumes: { v: 11 } })),
    'Pod ephemeral local storage usage exceeds the total limit of containers 20Mi. ',
  );
  const two = [...limited('5Mi'), { name: 'other', resources: { limits: { 'ephemeral-storage': '50Mi' } } }];
  assert.equal(
    storageFault(tenant({ containers: two }, { disk: 6 })),
    'Container main exceeded its local ephemeral storage limit "5Mi". ',
  );
  assert.equal(storageFault(tenant({ volumes, priority: 2_000_000_000 }, { volumes: { v: 11 } })), undefined);
  assert.equal(storageFault(tenant({}, { disk: 1000 })), undefined, 'without a bound there is none');
  assert.deepEqual(
    [tenant({ volumes }), tenant(spec), tenant({})].map(({ pod }) => hasStorageBound(pod)),
    [true, true, false],
  );
});

test('who is over what it asked for goes first, then the least important, then who takes most beyond it', () => {
  const asks = (memory: string, priority = 0): Partial<PodSpec> => ({
    priority,
    containers: [{ name: 'main', resources: { requests: { memory } } }],
  });
  const first = (...tenants: readonly Tenant[]) => firstVictim(tenants, 'memory')?.pod.metadata.name;
  const within = tenant(asks('500Mi'), { memory: 400 }, 'within');
  const over = tenant(asks('10Mi', 100), { memory: 20 }, 'over');
  const more = tenant(asks('10Mi', 100), { memory: 300 }, 'more');
  const small = tenant(asks('10Mi', 50), { memory: 11 }, 'small');
  const critical = tenant(asks('0', 2_000_000_000), { memory: 9000 }, 'critical');
  assert.equal(first(within, over), 'over');
  assert.equal(first(within, over, more), 'more');
  assert.equal(first(within, over, more, small, critical), 'small');
  assert.equal(first(within), 'within');
  assert.equal(first(critical), undefined);
  const disk = [tenant({}, { disk: 5 }, 'a'), tenant({}, { disk: 1, volumes: { v: 9 } }, 'b')];
  assert.equal(firstVictim(disk, 'ephemeral-storage')?.pod.metadata.name, 'b');
  const pids = [tenant({ priority: 1 }, { memory: 9 }, 'a'), tenant({ priority: 0 }, {}, 'b')];
  assert.equal(firstVictim(pids, 'pids')?.pod.metadata.name, 'b');
});

test('it is told what for, in the words of a kubelet', () => {
  assert.equal(
    starvedMessage(tenant({}, { memory: 200 }), 'memory'),
    'The node was low on resource: memory. Container main was using 200Mi, request is 0, has larger consumption of memory. ',
  );
  assert.equal(starvedMessage(tenant({}), 'pids'), 'The node was low on resource: pids. ');
});

test('a node that is short of something takes in who is critical, and, short of memory alone, who asked for some', () => {
  const pod = (spec: Partial<PodSpec>, qosClass = 'BestEffort'): Pod => ({
    ...tenant(spec).pod,
    status: { qosClass },
  });
  const pressed = (...types: readonly string[]) => types.map((type) => ({ type, status: 'True' as const }));
  const refused = (of: Pod, ...types: readonly string[]) => refusedUnderPressure(of, pressed(...types));
  assert.equal(refused(pod({}), 'Ready'), undefined);
  assert.equal(refused(pod({}), 'DiskPressure'), 'The node had condition: [DiskPressure]. ');
  assert.equal(refused(pod({}, 'Burstable'), 'MemoryPressure'), undefined);
  assert.equal(refused(pod({}), 'MemoryPressure'), 'The node had condition: [MemoryPressure]. ');
  const tolerations = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }];
  assert.equal(refused(pod({ tolerations }), 'MemoryPressure'), undefined);
  assert.match(refused(pod({ tolerations }), 'MemoryPressure', 'PIDPressure') ?? '', /MemoryPressure PIDPressure/);
  assert.equal(refused(pod({ priority: 2_000_001_000 }), 'DiskPressure'), undefined);
  assert.equal(refusedUnderPressure(pod({}), [{ type: 'DiskPressure', status: 'False' }]), undefined);
});
