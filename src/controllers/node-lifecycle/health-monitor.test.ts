import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHealthMonitor } from './health-monitor.ts';
import type { NodeView } from './node-view.ts';

const node: NodeView = {
  metadata: { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

/** A clock whose one timer the test fires when it likes: late, as after the sleep of a machine. */
function lateClock() {
  let now = 0;
  let timer: (() => void) | undefined;
  return {
    clock: {
      now: () => now,
      after: (_: number, callback: () => void) => {
        timer = callback;
        return () => {};
      },
    },
    fireAt: (ms: number) => {
      now = ms;
      timer?.();
    },
  };
}

function start() {
  const { clock, fireAt } = lateClock();
  const silent: string[] = [];
  const monitor = createHealthMonitor(clock, { monitorGraceMs: 40_000, startupGraceMs: 60_000 }, (name) =>
    silent.push(name),
  );
  monitor.heardNode(node);
  return { fireAt, monitor, silent };
}

test('a node is reported when its grace is over', () => {
  const { fireAt, monitor, silent } = start();
  fireAt(40_000);
  assert.deepEqual(silent, ['a']);
  assert.equal(monitor.isLost('a'), true);
});

test('after this process slept, nobody is lost: every node is given its grace anew', () => {
  const { fireAt, monitor, silent } = start();
  fireAt(3_600_000);
  assert.deepEqual(silent, []);
  assert.equal(monitor.isLost('a'), false);
  fireAt(3_640_000);
  assert.deepEqual(silent, ['a']);
});

test('a forgotten node is never reported', () => {
  const { fireAt, monitor, silent } = start();
  monitor.forget('a');
  fireAt(40_000);
  assert.deepEqual(silent, []);
});
