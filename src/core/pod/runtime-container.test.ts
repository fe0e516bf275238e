import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec } from '../../api/index.ts';
import { exitAttempt, loseSandbox, newRecords, refuseAttempt } from './container-record.ts';
import { podPhase } from './phase.ts';
import { planPod } from './plan.ts';
import { adoptContainers, exitOf, observeContainers, type RuntimeContainer } from './runtime-container.ts';

const spec: PodSpec = {
  restartPolicy: 'Always',
  initContainers: [{ name: 'init' }],
  containers: [{ name: 'main', readinessProbe: { exec: {} } }],
};
const found = (more: Partial<RuntimeContainer> = {}): RuntimeContainer => ({
  id: `containerd://${more.name ?? 'main'}-${more.attempt ?? 0}`,
  name: 'main',
  attempt: 0,
  sandboxId: 's',
  state: 'running',
  imageId: 'sha256:1',
  image: '',
  createdMs: 1_000,
  startedMs: 2_000,
  finishedMs: 0,
  exitCode: 0,
  reason: '',
  message: '',
  ...more,
});
const ended = (more: Partial<RuntimeContainer> = {}) => found({ state: 'exited', finishedMs: 5_000, ...more });
const init = ended({ name: 'init' });
const adopt = (...containers: readonly RuntimeContainer[]) =>
  adoptContainers(spec, newRecords(spec), containers, 9_000);

describe('what an agent that starts finds in the runtime', () => {
  test('what runs goes on running, as the restart that it is', () => {
    const [, main] = adopt(init, ended({ attempt: 2, exitCode: 1 }), found({ attempt: 3 }));
    assert.equal(main!.restartCount, 3);
    assert.deepEqual(main!.attempt, {
      is: 'running',
      startedMs: 2_000,
      containerId: 'containerd://main-3',
      started: true,
      // Its probe has not said so yet.
      ready: false,
    });
    assert.equal(main!.lastExit?.containerId, 'containerd://main-2');
    assert.deepEqual(planPod(spec, adopt(init, found()), 9_000).start, []);
  });

  test('one that the runtime has lost has not completed', () => {
    const lost = found({ state: 'unknown' });
    const [, adopted] = adopt(init, lost);
    const [, observed] = observeContainers(adopt(init, found()), [init, lost], 9_000);
    for (const record of [adopted!, observed!]) {
      assert.equal(record.attempt.is, 'exited');
      const { exitCode, reason } = exitOf(lost);
      assert.deepEqual([exitCode, reason], [137, 'ContainerStatusUnknown']);
    }
  });

  test('the end before this run keeps the message that its container left', () => {
    const before = ended({ attempt: 0, exitCode: 1 });
    const exit = { ...exitOf(before), message: 'because' };
    const [, fresh] = newRecords(spec);
    for (const reported of [{ ...fresh!, lastExit: exit }, exitAttempt(fresh!, exit)]) {
      const [, main] = adoptContainers(
        spec,
        [newRecords(spec)[0]!, reported],
        [init, before, found({ attempt: 1 })],
        9_000,
      );
      assert.deepEqual(main!.lastExit, exit);
    }
  });

  test('a start that was cut off counts for nothing, one that failed and was told of does', () => {
    const never = ended({ startedMs: 0, exitCode: 128 });
    for (const cutOff of [never, found({ state: 'created', startedMs: 0 })]) {
      const [, main] = adopt(init, cutOff);
      assert.deepEqual([main!.attempt.is, main!.restartCount], ['absent', 0]);
    }
    const told = exitAttempt(newRecords(spec)[1]!, exitOf(never));
    const [, failed] = adoptContainers(spec, [newRecords(spec)[0]!, told], [init, never], 9_000);
    assert.deepEqual(failed, { ...told, imageId: never.imageId });
  });

  test('what was ready stays ready when it is the same container', () => {
    const [first] = [adopt(init, found())[1]!];
    const reported = { ...first, attempt: { ...first.attempt, ready: true } } as typeof first;
    const records = adoptContainers(spec, [newRecords(spec)[0]!, reported], [init, found()], 9_000);
    assert.deepEqual(records[1]!.attempt, reported.attempt);
    const other = adoptContainers(spec, [newRecords(spec)[0]!, reported], [init, found({ attempt: 1 })], 9_000);
    assert.equal(other[1]!.attempt.is === 'running' && other[1]!.attempt.ready, false);
  });

  test('what ended while nobody looked waits its turn, counted as a crash', () => {
    const [, main] = adopt(init, ended({ attempt: 2, exitCode: 7 }));
    assert.deepEqual([main!.attempt.is, main!.exitsInARow], ['exited', 3]);
    assert.equal(planPod(spec, adopt(init, ended({ attempt: 2 })), 6_000).againMs, 25_000);
  });

  test('what is reported as running and is nowhere has vanished', () => {
    const reported = adopt(init, found());
    const [, main] = adoptContainers(spec, reported, [init], 9_000);
    assert.equal(main!.attempt.is === 'exited' && main!.attempt.exit.reason, 'ContainerStatusUnknown');
  });

  test('nothing of a new pod is adopted', () => {
    assert.deepEqual(adopt(), newRecords(spec));
  });
});

describe('a look at the runtime', () => {
  const records = adopt(init, found());

  test('changes nothing when nothing happened', () => {
    assert.equal(observeContainers(records, [init, found()], 9_000)[1], records[1]);
  });

  test('sees an end with its reason, also one that has no words', () => {
    const exitOf = (container: RuntimeContainer) => {
      const { attempt } = observeContainers(records, [container], 9_000)[1]!;
      return attempt.is === 'exited' ? [attempt.exit.exitCode, attempt.exit.reason] : [];
    };
    assert.deepEqual(exitOf(ended({ exitCode: 137, reason: 'OOMKilled' })), [137, 'OOMKilled']);
    assert.deepEqual(exitOf(ended({ exitCode: 1 })), [1, 'Error']);
    assert.deepEqual(exitOf(ended()), [0, 'Completed']);
  });
});

test('a lost sandbox starts the pod from its first init container, and counts as a restart of what ran', () => {
  const seen = observeContainers(adopt(init, found()), [init, ended({ exitCode: 255 })], 9_000);
  const lost = seen.map(loseSandbox);
  assert.deepEqual(planPod(spec, lost, 9_000).start, ['init']);
  assert.deepEqual(
    lost.map(({ restartCount, lastExit }) => [restartCount, lastExit?.exitCode]),
    [
      [1, 0],
      [1, 255],
    ],
  );
});

test('a container that could not be made is tried again after ten seconds; a pod that ran before is still running', () => {
  const [first, main] = adopt(init, ended());
  const refused = refuseAttempt(main!, { reason: 'CreateContainerConfigError', message: 'm', failedMs: 9_000 });
  assert.equal(planPod(spec, [first!, refused], 10_000).againMs, 19_000);
  assert.deepEqual(planPod(spec, [first!, refused], 19_000).start, ['main']);
  assert.equal(
    podPhase(spec, [first!, { ...refused, lastExit: main!.attempt.is === 'exited' ? main!.attempt.exit : undefined }]),
    'Running',
  );
  assert.equal(podPhase(spec, [first!, { ...refused, lastExit: undefined }]), 'Pending');
});
