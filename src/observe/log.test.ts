import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger, type LoggerOptions } from './index.ts';

const make = (options: LoggerOptions = {}) => {
  const lines: string[] = [];
  return { lines, log: createLogger({ ...options, destination: { write: (line) => void lines.push(line) } }) };
};
const parse = (line: string | undefined) => JSON.parse(line ?? '') as Record<string, unknown>;

describe('the logger', () => {
  test('writes one JSON object a line: level, time, message and fields', () => {
    const { lines, log } = make();
    log.child({ controller: 'gc' }).info('deleted', { name: 'p' });
    const { time, ...rest } = parse(lines[0]);
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.deepEqual(rest, { level: 'info', controller: 'gc', name: 'p', message: 'deleted' });
  });

  test('leaves out what is below its level', () => {
    const { lines, log } = make({ level: 'warn' });
    log.info('no');
    log.debug('no');
    log.error('yes');
    assert.deepEqual(
      lines.map((line) => parse(line)['message']),
      ['yes'],
    );
  });

  test('shows an error with its cause, and a stack only when nobody foresaw it', () => {
    const { lines, log } = make();
    const foreseen = Object.assign(new Error('refused', { cause: new Error('socket') }), {
      reason: 'ServiceUnavailable',
      code: 503,
    });
    log.warn('failed', { error: foreseen });
    log.error('failed', { error: new TypeError('a bug') });
    const [first, second] = lines.map((line) => parse(line)['error'] as Record<string, unknown>);
    assert.deepEqual(
      [first!['reason'], first!['message'], first!['stack']],
      ['ServiceUnavailable', 'refused', undefined],
    );
    assert.equal((first!['cause'] as Record<string, unknown>)['message'], 'socket');
    assert.match(String(second!['stack']), /TypeError: a bug/);
  });

  test('never writes a token, a key or a password, wherever it stands in the fields', () => {
    const { lines, log } = make();
    log.info('connected', {
      token: 's3cret',
      tls: { key: 's3cret', password: 's3cret' },
      request: { headers: { authorization: 's3cret' } },
    });
    assert.doesNotMatch(lines.join(''), /s3cret/);
  });
});
