import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf, podResolver } from './dns.ts';

const node = parseResolvConf(
  '# comment\nnameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2 rotate\nnameserver 192.0.2.2\n',
);

test('the node resolves as its resolv.conf says', () => {
  assert.deepEqual(node, {
    servers: ['192.0.2.1', '192.0.2.2'],
    searches: ['a.example', 'b.example'],
    options: ['ndots:2', 'rotate'],
  });
});

test('a pod resolves as its node does, and dnsConfig adds to it', () => {
  assert.deepEqual(podResolver({ containers: [] }, node), node);
  const dnsConfig = {
    nameservers: ['192.0.2.2', '192.0.2.3', '192.0.2.4'],
    searches: ['c.example'],
    options: [{ name: 'ndots', value: '5' }, { name: 'edns0' }],
  };
  assert.deepEqual(podResolver({ containers: [], dnsConfig }, node), {
    servers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    searches: ['a.example', 'b.example', 'c.example'],
    options: ['rotate', 'ndots:5', 'edns0'],
  });
  assert.deepEqual(
    podResolver({ containers: [], dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.9'] } }, node),
    {
      servers: ['192.0.2.9'],
      searches: [],
      options: [],
    },
  );
});
