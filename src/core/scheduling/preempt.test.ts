import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { PodSpec } from '../../api/index.ts';
import { podDemand } from './demand.ts';
import { misfits } from './fit.ts';
import { type NodeInfo, nodeOffer, NodeUsage } from './node-info.ts';
import { type Guard, type Occupant, planPreemption, preemptionRefusal } from './preempt.ts';

const spec = (priority: number, cpu: string, more: Partial<PodSpec> = {}): PodSpec => ({
  priority,
  containers: [{ name: 'c', resources: { requests: { cpu } } }],
  ...more,
});
const occupant = (uid: string, priority: number, cpu: string, startedAt = 0): Occupant => ({
  uid,
  demand: podDemand(spec(priority, cpu)),
  startedAt,
});

function plan(
  wanted: PodSpec,
  cluster: Readonly<Record<string, readonly Occupant[]>>,
  guards: readonly Guard<Occupant>[] = [],
): string {
  const nodes: NodeInfo[] = Object.entries(cluster).map(([name, occupants]) => {
    const usage = new NodeUsage();
    for (const { demand } of occupants) usage.add(demand);
    return { offer: nodeOffer({ metadata: { name }, status: { allocatable: { cpu: '1', pods: '10' } } }), usage };
  });
  const found = planPreemption(podDemand(wanted), nodes, (name) => cluster[name]!, guards);
  return found === undefined ? 'none' : `${found.nodeName}: ${found.victims.map(({ uid }) => uid).join(' ')}`;
}

describe('whose place an important pod takes', () => {
  const cases: readonly (readonly [
    name: string,
    wanted: PodSpec,
    cluster: Parameters<typeof plan>[1],
    expected: string,
  ])[] = [
    ['a less important one', spec(10, '600m'), { a: [occupant('low', 0, '900m')] }, 'a: low'],
    ['never an equal', spec(10, '600m'), { a: [occupant('equal', 10, '900m')] }, 'none'],
    ['never a more important one', spec(10, '600m'), { a: [occupant('high', 11, '900m')] }, 'none'],
    [
      'not when that is not enough',
      spec(10, '600m'),
      { a: [occupant('high', 11, '500m'), occupant('low', 0, '100m')] },
      'none',
    ],
    [
      'only as many as needed, the most important stay',
      spec(10, '500m'),
      { a: [occupant('p1', 1, '300m'), occupant('p2', 2, '300m'), occupant('p3', 3, '300m')] },
      'a: p2 p1',
    ],
    [
      'of equals those that started last',
      spec(10, '500m'),
      { a: [occupant('old', 0, '500m', 1), occupant('new', 0, '500m', 2)] },
      'a: new',
    ],
    [
      'where the most important victim is least so',
      spec(10, '600m'),
      { a: [occupant('five', 5, '900m')], b: [occupant('four', 4, '900m')] },
      'b: four',
    ],
    [
      'where there are fewer of the same',
      spec(10, '1'),
      { a: [occupant('x', 1, '500m'), occupant('y', 1, '500m')], b: [occupant('z', 1, '1')] },
      'b: z',
    ],
    [
      'where the most important victim has run for less long',
      spec(10, '1'),
      { a: [occupant('old', 1, '1', 100)], b: [occupant('new', 1, '1', 200)] },
      'b: new',
    ],
  ];
  for (const [name, wanted, cluster, expected] of cases)
    test(name, () => assert.equal(plan(wanted, cluster), expected));

  test('a port that a less important pod holds', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    const holder = podDemand({ priority: 0, containers: [{ name: 'c', ports }] });
    const wanted: PodSpec = { priority: 1, containers: [{ name: 'c', ports }] };
    const occupants = [occupant('bystander', 0, '100m'), { uid: 'holder', demand: holder, startedAt: 0 }];
    assert.equal(plan(wanted, { a: occupants }), 'a: holder');
  });
});

describe('whose place, when disruption budgets are there', () => {
  const budget = (allowed: number, ...uids: string[]): Guard<Occupant> => ({
    allowed,
    covers: ({ uid }) => uids.includes(uid),
  });
  const cases: readonly (readonly [
    name: string,
    wanted: PodSpec,
    cluster: Parameters<typeof plan>[1],
    guards: readonly Guard<Occupant>[],
    expected: string,
  ])[] = [
    [
      'one that no budget guards, though it is more important',
      spec(10, '500m'),
      { a: [occupant('guarded', 1, '500m'), occupant('free', 5, '500m')] },
      [budget(0, 'guarded')],
      'a: free',
    ],
    [
      'on the node where no budget is violated, though its victim is more important',
      spec(10, '600m'),
      { a: [occupant('guarded', 1, '900m')], b: [occupant('free', 5, '900m')] },
      [budget(0, 'guarded')],
      'b: free',
    ],
    [
      'as many as the budget lets go, the least important of its pods',
      spec(10, '500m'),
      { a: [occupant('p1', 1, '500m'), occupant('p2', 2, '500m')] },
      [budget(1, 'p1', 'p2')],
      'a: p2',
    ],
    [
      'a guarded one when there is no other way',
      spec(10, '600m'),
      { a: [occupant('guarded', 1, '900m')] },
      [budget(0, 'guarded')],
      'a: guarded',
    ],
    [
      'where fewer budgets are violated',
      spec(10, '1'),
      { a: [occupant('x', 1, '500m'), occupant('y', 1, '500m')], b: [occupant('z', 9, '1')] },
      [budget(0, 'x', 'y', 'z')],
      'b: z',
    ],
  ];
  for (const [name, wanted, cluster, guards, expected] of cases)
    test(name, () => assert.equal(plan(wanted, cluster, guards), expected));
});

test('whatever is there, the plan makes room, takes nobody equal or above, and no victim in vain', () => {
  const occupants = fc.array(
    fc.record({
      priority: fc.integer({ min: 0, max: 5 }),
      milli: fc.integer({ min: 1, max: 500 }),
      startedAt: fc.nat(9),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      occupants,
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 1200 }),
      (list, priority, milli) => {
        const all = list.map((each, index) => occupant(`p${index}`, each.priority, `${each.milli}m`, each.startedAt));
        const demand = podDemand(spec(priority, `${milli}m`));
        const offer = nodeOffer({ metadata: { name: 'a' }, status: { allocatable: { cpu: '1', pods: '10' } } });
        const without = (gone: ReadonlySet<string>): NodeInfo => {
          const usage = new NodeUsage();
          for (const each of all) if (!gone.has(each.uid)) usage.add(each.demand);
          return { offer, usage };
        };
        const fits = (gone: ReadonlySet<string>) => misfits(demand, without(gone)).length === 0;
        if (fits(new Set())) return;
        const found = planPreemption(demand, [without(new Set())], () => all);
        const lower = all.filter((each) => each.demand.priority < priority);
        if (found === undefined) {
          assert.ok(!fits(new Set(lower.map(({ uid }) => uid))), 'there was a way');
          return;
        }
        const victims = new Set(found.victims.map(({ uid }) => uid));
        assert.ok(fits(victims));
        assert.ok(found.victims.every((victim) => victim.demand.priority < priority));
        for (const spared of victims) assert.ok(!fits(new Set([...victims].filter((uid) => uid !== spared))), spared);
      },
    ),
  );
});

test('why nothing can be done is told as kube-scheduler tells it', () => {
  assert.equal(
    preemptionRefusal(3, 1),
    'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
  );
  assert.equal(
    preemptionRefusal(2, 0),
    'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
  );
});
