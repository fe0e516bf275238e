import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { nodeAddressOf, NodeNumbers, numberOfCidr, podCidrOf, PodAddresses, simulatedNodesMax } from './addresses.ts';

test('a node number survives the way through its CIDR, and addresses differ', () => {
  const number = fc.integer({ min: 1, max: simulatedNodesMax });
  fc.assert(
    fc.property(number, number, (a, b) => {
      assert.equal(numberOfCidr(podCidrOf(a)), a);
      assert.equal(podCidrOf(a) === podCidrOf(b), a === b);
      assert.equal(nodeAddressOf(a) === nodeAddressOf(b), a === b);
    }),
  );
});

test('a CIDR that somebody else chose has no number', () => {
  for (const cidr of [undefined, '10.244.1.0/16', '10.1.2.0/24', '192.168.0.0/24', '10.128.0.0/24', '10.300.1.0/24'])
    assert.equal(numberOfCidr(cidr), undefined);
});

test('node numbers are given out once, the lowest free one first', () => {
  const numbers = new NodeNumbers();
  numbers.reserve(2);
  assert.deepEqual([numbers.take(), numbers.take()], [1, 3]);
  numbers.release(1);
  assert.deepEqual([numbers.take(), numbers.take()], [1, 4]);
});

test('a pod address is not used again before all others were', () => {
  const addresses = new PodAddresses('10.128.1.0/24');
  addresses.reserve('10.128.1.3');
  const first = addresses.take()!;
  addresses.release(first);
  const next = Array.from({ length: 251 }, () => addresses.take());
  assert.equal(first, '10.128.1.2');
  assert.equal(new Set(next).size, 251);
  assert.ok(!next.includes('10.128.1.2') && !next.includes('10.128.1.3'));
  assert.equal(addresses.take(), '10.128.1.2');
  assert.equal(addresses.take(), undefined);
});
