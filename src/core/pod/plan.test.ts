import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Container, PodSpec } from '../../api/index.ts';
import { formatDuration, formatPreciseDuration, pullDelayMs, restartDelayMs } from './back-off.ts';
import {
  beginAttempt,
  type ContainerRecord,
  exitAttempt,
  failPull,
  newRecords,
  runAttempt,
  withNewContainers,
} from './container-record.ts';
import { podPhase } from './phase.ts';
import { planPod } from './plan.ts';

const spec = (restartPolicy: string, init: readonly string[] = [], main: readonly string[] = ['main']): PodSpec => ({
  restartPolicy,
  containers: main.map((name) => ({ name, image: 'x' })),
  initContainers: init.map((name) => ({
    name,
    image: 'x',
    ...(name.startsWith('sidecar') ? { restartPolicy: 'Always' } : {}),
  })),
});
const begin = (record: ContainerRecord) => beginAttempt(record);
const run = (record: ContainerRecord, startedMs = 0) =>
  runAttempt(begin(record), { startedMs, containerId: 'id', imageId: 'x', started: true, ready: true });
const exit = (record: ContainerRecord, exitCode: number, finishedMs = 0) =>
  exitAttempt(run(record), { exitCode, reason: 'Error', startedMs: 0, finishedMs, containerId: 'id' });
const pullFailed = (record: ContainerRecord, failedMs = 0) => failPull(begin(record), failedMs, 'not found');
type Step = (record: ContainerRecord) => ContainerRecord;
const still: Step = (record) => record;
const records = (podSpec: PodSpec, ...steps: readonly Step[]) =>
  newRecords(podSpec).map((record, index) => (steps[index] ?? still)(record));

const cases: readonly (readonly [
  title: string,
  spec: PodSpec,
  steps: readonly Step[],
  plan: { readonly start: readonly string[]; readonly againMs: number | undefined },
  phase: string,
])[] = [
  [
    'a new pod starts all its containers',
    spec('Always', [], ['a', 'b']),
    [],
    { start: ['a', 'b'], againMs: undefined },
    'Pending',
  ],
  ['a container being created is left alone', spec('Always'), [begin], { start: [], againMs: undefined }, 'Pending'],
  ['a running container is left alone', spec('Always'), [run], { start: [], againMs: undefined }, 'Running'],
  [
    'init containers come one after the other',
    spec('Always', ['i', 'j']),
    [],
    { start: ['i'], againMs: undefined },
    'Pending',
  ],
  [
    'the next init container starts when the one before has completed',
    spec('Always', ['i', 'j']),
    [(record) => exit(record, 0)],
    { start: ['j'], againMs: undefined },
    'Pending',
  ],
  [
    'a sidecar that runs lets the next one go',
    spec('Always', ['sidecar', 'i']),
    [run],
    { start: ['i'], againMs: undefined },
    'Pending',
  ],
  [
    'a failed init container is tried again',
    spec('Always', ['i']),
    [(record) => exit(record, 1)],
    { start: ['i'], againMs: undefined },
    'Pending',
  ],
  [
    'with restartPolicy Never it is the end of the pod',
    spec('Never', ['i']),
    [(record) => exit(record, 1)],
    { start: [], againMs: undefined },
    'Failed',
  ],
  [
    'a container of a restartPolicy Always pod restarts even after success',
    spec('Always'),
    [(record) => exit(record, 0)],
    { start: ['main'], againMs: undefined },
    'Running',
  ],
  [
    'OnFailure restarts failures alone',
    spec('OnFailure', [], ['a', 'b']),
    [(record) => exit(record, 0), (record) => exit(record, 1)],
    { start: ['b'], againMs: undefined },
    'Running',
  ],
  [
    'all containers done well: Succeeded',
    spec('OnFailure', [], ['a', 'b']),
    [(record) => exit(record, 0), (record) => exit(record, 0)],
    { start: [], againMs: undefined },
    'Succeeded',
  ],
  [
    'one done badly for good: Failed',
    spec('Never', [], ['a', 'b']),
    [(record) => exit(record, 0), (record) => exit(record, 1)],
    { start: [], againMs: undefined },
    'Failed',
  ],
  [
    'after the second exit it waits 10 s from then',
    spec('Always'),
    [(record) => exit(exit(record, 1), 1, 1_000)],
    { start: [], againMs: 11_000 },
    'Running',
  ],
  [
    'a failed pull is looked at again when its message changes, and tried again after 10 s',
    spec('Always'),
    [(record) => pullFailed(record)],
    { start: [], againMs: 2_000 },
    'Pending',
  ],
  [
    'init containers do not run again once the main ones did, sidecars do',
    spec('Always', ['i', 'sidecar']),
    [(record) => exit(record, 0), (record) => exit(record, 1), run],
    { start: ['sidecar'], againMs: undefined },
    'Running',
  ],
  [
    'an init container that nobody remembers does not run while the main one does',
    spec('Always', ['i']),
    [still, run],
    { start: [], againMs: undefined },
    'Running',
  ],
];

describe('what a node agent does next', () => {
  for (const [title, podSpec, steps, plan, phase] of cases)
    test(title, () => {
      const given = records(podSpec, ...steps);
      assert.deepEqual(planPod(podSpec, given, 1_000), plan);
      assert.equal(podPhase(podSpec, given), phase);
    });

  test('the plan is stable: nothing is started twice, and at againMs there is something new to say or do', () => {
    const steps: readonly Step[] = [still, begin, run, (r) => exit(r, 0), (r) => exit(r, 1), pullFailed];
    const step = fc.constantFrom(...steps);
    fc.assert(
      fc.property(
        fc.constantFrom('Always', 'OnFailure', 'Never'),
        fc.array(step, { maxLength: 6 }),
        (policy, chosen) => {
          const podSpec = spec(policy, ['i', 'sidecar']);
          const given = newRecords(podSpec).map((record, index) =>
            chosen.filter((_, at) => at % 3 === index).reduce((made, next) => next(made), record),
          );
          const plan = planPod(podSpec, given, 1_000);
          const begun = given.map((record) => (plan.start.includes(record.name) ? begin(record) : record));
          assert.deepEqual(planPod(podSpec, begun, 1_000).start, []);
          assert.ok(plan.againMs === undefined || plan.againMs > 1_000);
        },
      ),
    );
  });
});

describe('back-off', () => {
  test('restarts wait 0, 10 s, 20 s … 5 min', () => {
    const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 99].map((exits) => restartDelayMs(exits) / 1000);
    assert.deepEqual(seconds, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test('pulls wait 10 s, 20 s … 5 min', () => {
    assert.deepEqual(
      [1, 2, 6, 7].map((failures) => pullDelayMs(failures) / 1000),
      [10, 20, 300, 300],
    );
  });

  test('a run of ten minutes is forgiven', () => {
    const [fresh] = newRecords(spec('Always'));
    const often = exit(exit(exit(fresh!, 1), 1), 1);
    assert.equal(often.exitsInARow, 3);
    assert.equal(exit(often, 1, 600_000).exitsInARow, 1);
    assert.equal(exit(often, 1, 599_999).exitsInARow, 4);
  });

  test('durations read as Go prints them', () => {
    assert.deepEqual([10_000, 80_000, 300_000].map(formatDuration), ['10s', '1m20s', '5m0s']);
  });
});

test('durations are printed as Go prints them', () => {
  assert.deepEqual([7, 1_000, 1_234, 62_500].map(formatPreciseDuration), ['7ms', '1s', '1.234s', '1m2.5s']);
});

test('a container may have a restart policy of its own, and rules for single exit codes before it', () => {
  const of = (container: Partial<Container>, exitCode: number, kind: 'init' | 'main' = 'main') => {
    const one = { name: 'c', image: 'x', ...container };
    const other = { name: 'other', image: 'x' };
    const podSpec: PodSpec =
      kind === 'main'
        ? { restartPolicy: 'Always', containers: [one] }
        : { restartPolicy: 'Always', initContainers: [one], containers: [other] };
    const [record] = records(podSpec, (fresh) => exit(fresh, exitCode));
    return planPod(podSpec, [record!], 0).start.includes('c');
  };
  const rule = (operator: string, ...values: readonly number[]) => [
    { action: 'Restart', exitCodes: { operator, values } },
  ];
  const never = { restartPolicy: 'Never' };
  assert.deepEqual([of(never, 1), of(never, 0)], [false, false]);
  assert.deepEqual([of({ restartPolicy: 'OnFailure' }, 1), of({ restartPolicy: 'OnFailure' }, 0)], [true, false]);
  const onFortyTwo = { ...never, restartPolicyRules: rule('In', 42, 43) };
  assert.deepEqual([of(onFortyTwo, 42), of(onFortyTwo, 43), of(onFortyTwo, 1)], [true, true, false]);
  const butFortyTwo = { ...never, restartPolicyRules: rule('NotIn', 42) };
  assert.deepEqual([of(butFortyTwo, 42), of(butFortyTwo, 1)], [false, true]);
  assert.deepEqual([of(never, 1, 'init'), of(onFortyTwo, 42, 'init')], [false, true]);
  assert.deepEqual([of(butFortyTwo, 0, 'init'), of({}, 1, 'init')], [false, true]);
});

test('a sidecar that crashes during initialisation is started again, and holds nobody up', () => {
  const podSpec = spec('Always', ['sidecar', 'i', 'j']);
  const crashed: Step = (record) => exit(exit(record, 1), 1);
  const plan = (...steps: readonly Step[]) => planPod(podSpec, records(podSpec, ...steps), 1_000);
  const done: Step = (record) => exit(record, 0);
  assert.deepEqual(plan(crashed, run), { start: [], againMs: 10_000 });
  assert.deepEqual(plan(crashed, done), { start: ['j'], againMs: 10_000 });
  assert.deepEqual(plan(crashed, done, done), { start: ['main'], againMs: 10_000 });
  assert.deepEqual(plan(crashed), { start: [], againMs: 10_000 }, 'it has to have started once');
  assert.deepEqual(
    plan((record) => exit(record, 1), done),
    { start: ['sidecar', 'j'], againMs: undefined },
  );
});

test('a container that was added to look into the pod runs once, whatever holds the pod up, and the pod is as it is without it', () => {
  const before = spec('Always', ['i']);
  const looked: PodSpec = { ...before, ephemeralContainers: [{ name: 'look', image: 'x' }] };
  const [init, main] = records(before, run);
  const added = withNewContainers(looked, [init!, main!]);
  assert.deepEqual(
    added.map(({ name, kind }) => [name, kind]),
    [
      ['i', 'init'],
      ['main', 'main'],
      ['look', 'ephemeral'],
    ],
  );
  assert.equal(withNewContainers(looked, added), added);
  const plan = (look: Step) => planPod(looked, [init!, main!, look(added[2]!)], 1_000);
  assert.deepEqual(plan(still).start, ['look']);
  assert.deepEqual(
    plan((record) => exit(record, 1)),
    { start: [], againMs: undefined },
  );
  assert.deepEqual(plan((record) => pullFailed(record)).againMs, 2_000);
  const up = [exit(init!, 0), run(main!)];
  for (const look of [still, run, (record: ContainerRecord) => exit(record, 1)])
    assert.equal(podPhase(looked, [...up, look(added[2]!)]), 'Running');
});
