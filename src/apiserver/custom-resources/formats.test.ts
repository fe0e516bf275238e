import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasFormat } from './formats.ts';

const cases: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
  'date-time': [
    ['2026-11-24T00:00:00Z', '2026-11-24T00:00:00.5+01:00'],
    ['2026-13-24T00:00:00Z', 'today', '2026-02-30T00:00:00Z'],
  ],
  date: [['2024-02-29'], ['2023-02-29', '2024-2-1']],
  uuid: [['f81d4fae-7dec-11d0-a765-00a0c91e6bf6'], ['f81d4fae']],
  uuid4: [['9b2d1c6e-0d4f-4a6b-8c1a-2f3e4d5c6b7a'], ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6']],
  ipv4: [['10.0.0.1'], ['10.0.0', '256.0.0.1', '10.0.0.1.', '10.0.0.1.2']],
  ipv6: [
    ['::1', '2001:db8::8a2e:370:7334'],
    ['10.0.0.1', ':::', 'fe80::1%eth0'],
  ],
  cidr: [
    ['10.0.0.0/8', '2001:db8::/32'],
    ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8'],
  ],
  byte: [
    ['aGk=', ''],
    ['aGk', '!'],
  ],
  hostname: [['a-b.example.com'], ['-a', 'a_b']],
  email: [['a@b.c'], ['a']],
  uri: [['https://example.com/x?y'], ['example']],
  mac: [['01:23:45:67:89:ab'], ['01:23']],
  duration: [
    ['1h30m', '0', '-1.5s'],
    ['1 hour', ''],
  ],
  'made-up': [['anything'], []],
};

for (const [format, [good, bad]] of Object.entries(cases))
  test(`${format} takes ${good.join(', ')}, not ${bad.join(', ')}`, () => {
    for (const text of good) assert.equal(hasFormat(format, text), true, text);
    for (const text of bad) assert.equal(hasFormat(format, text), false, text);
  });
