import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMicroTime, formatTime, parseTime } from './time.ts';

const ms = Date.UTC(2026, 10, 23, 22, 43, 17, 456);

test('times are RFC 3339 in UTC: cut to seconds, or with six decimals', () => {
  assert.equal(formatTime(ms), '2026-11-23T22:43:17Z');
  assert.equal(formatMicroTime(ms), '2026-11-23T22:43:17.456000Z');
});

test('both forms are read back, and other offsets too', () => {
  assert.equal(parseTime('2026-11-23T22:43:17Z'), ms - 456);
  assert.equal(parseTime('2026-11-23T22:43:17.456000Z'), ms);
  assert.equal(parseTime('2026-11-23T23:43:17+01:00'), ms - 456);
});

test('what is absent or no time is undefined', () => {
  for (const text of [undefined, null, '', 'yesterday']) assert.equal(parseTime(text), undefined);
});
