import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Lease, Node } from '../../api/index.ts';
import { conditionsOfLostNode, firstHeartbeat, lostAt, nextHeartbeat } from './health.ts';

const node = (ready: string | undefined, lastHeartbeatTime?: string): Node => ({
  metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
  status:
    ready === undefined
      ? {}
      : { conditions: [{ type: 'Ready', status: ready, ...(lastHeartbeatTime ? { lastHeartbeatTime } : {}) }] },
});
const lease = (renewTime: string): Lease => ({ metadata: { name: 'a' }, spec: { renewTime } });
const options = { monitorGraceMs: 40_000, startupGraceMs: 60_000 };

describe('heartbeats', () => {
  test('a renewed lease is a sign of life, whatever time it says', () => {
    const first = firstHeartbeat(node('True', 't1'), lease('1970-01-01T00:00:00.000000Z'), 1_000);
    assert.equal(nextHeartbeat(first, node('True', 't1'), lease('1970-01-01T00:00:01.000000Z'), 9_000).heardMs, 9_000);
  });

  test('the same lease seen again is none', () => {
    const first = firstHeartbeat(node('True', 't1'), lease('x'), 1_000);
    assert.equal(nextHeartbeat(first, node('True', 't1'), lease('x'), 9_000), first);
  });

  test('without a lease, a posted status is', () => {
    const first = firstHeartbeat(node('True', 't1'), undefined, 1_000);
    assert.equal(nextHeartbeat(first, node('True', 't2'), undefined, 9_000).heardMs, 9_000);
  });

  test('our own verdict on a node is no sign of life', () => {
    const first = firstHeartbeat(node('True', 't1'), undefined, 1_000);
    assert.equal(nextHeartbeat(first, node('Unknown', 't2'), undefined, 9_000), first);
  });

  test('a node that never posted its status has the startup grace', () => {
    const heartbeat = firstHeartbeat(node(undefined), undefined, 1_000);
    assert.equal(lostAt(node(undefined), heartbeat, options), 61_000);
    assert.equal(lostAt(node('True'), heartbeat, options), 41_000);
  });
});

describe('a lost node', () => {
  const now = Date.UTC(2026, 0, 1, 1);

  test('is Unknown in everything that only its agent can vouch for', () => {
    const conditions = conditionsOfLostNode(node('True', 't1'), now);
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['Ready', 'Unknown', 'NodeStatusUnknown'],
        ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ],
    );
    assert.equal(conditions[0]!.message, 'Kubelet stopped posting node status.');
    assert.equal(conditions[0]!.lastHeartbeatTime, 't1');
    assert.equal(conditions[0]!.lastTransitionTime, '2026-01-01T01:00:00Z');
  });

  test('is not written twice', () => {
    const before = node('True', 't1');
    const lost: Node = { ...before, status: { conditions: conditionsOfLostNode(before, now) } };
    assert.deepEqual(conditionsOfLostNode(lost, now + 1_000), []);
  });
});
