// Silence is measured by what has elapsed: setting the clock neither makes a node silent nor keeps a dead one alive.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, createVirtualClock } from '../../machinery/index.ts';
import { createHealthMonitor } from './health-monitor.ts';

const graceMs = 40_000;
const node = {
  metadata: { name: 'n1', uid: 'uid-1', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }] },
};
const lease = (beat: number) => ({
  metadata: { name: 'n1', namespace: 'kube-node-lease' },
  spec: { renewTime: `2026-01-01T00:00:${String(beat).padStart(2, '0')}.000000Z` },
});

describe('a clock that is set', () => {
  for (const byMs of [-3_600_000, 3_600_000])
    test(`by ${byMs / 60_000} minutes: who beats is there, who does not is lost after the same silence`, async () => {
      const steady = createVirtualClock(0);
      let offsetMs = 0;
      const clock: Clock = {
        now: () => steady.now() + offsetMs,
        after: (ms, callback) => steady.after(ms, callback),
        steadyNow: () => steady.now(),
      };
      const silent: number[] = [];
      const monitor = createHealthMonitor(clock, { monitorGraceMs: graceMs, startupGraceMs: graceMs }, () =>
        silent.push(steady.now()),
      );
      monitor.heardNode(node as unknown as Parameters<typeof monitor.heardNode>[0]);
      for (let beat = 1; beat <= 12; beat++) {
        await steady.advance(10_000);
        if (beat === 3) offsetMs = byMs;
        monitor.heardLease('n1', lease(beat));
      }
      assert.deepEqual(silent, []);
      offsetMs = 0;
      await steady.advance(10 * graceMs);
      assert.deepEqual(silent, [120_000 + graceMs]);
      assert.ok(monitor.isLost('n1'));
    });
});
