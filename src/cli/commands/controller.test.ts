import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPreflightWaitMs } from '../../controllers/daemonset/index.ts';
import { leaderElectionDefaults } from '../../machinery/index.ts';
import { controllerCommand } from './controller.ts';

const { options } = controllerCommand('1.2.3');
const valueOf = (flag: string): unknown => options.find(({ long }) => long === flag)?.defaultValue;

test('leader election is on, with the times of kube-controller-manager', () => {
  assert.equal(valueOf('--leader-elect'), true);
  const times = {
    leaseDurationMs: valueOf('--leader-elect-lease-duration'),
    renewDeadlineMs: valueOf('--leader-elect-renew-deadline'),
    retryPeriodMs: valueOf('--leader-elect-retry-period'),
  };
  assert.deepEqual(times, { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 });
  assert.deepEqual(times, leaderElectionDefaults);
});

test('it looks for another controller before it writes, and writes', () => {
  assert.equal(valueOf('--preflight-wait'), defaultPreflightWaitMs);
  for (const flag of ['--skip-preflight', '--dry-run']) assert.equal(valueOf(flag), undefined, flag);
});
