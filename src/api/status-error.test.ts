import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReason, isRetryable, type Status, StatusError, type StatusReason, statusErrorFrom } from './status-error.ts';

test('a reason brings its HTTP code', () => {
  const codes: readonly (readonly [StatusReason, number])[] = [
    ['BadRequest', 400],
    ['NotFound', 404],
    ['AlreadyExists', 409],
    ['Conflict', 409],
    ['Expired', 410],
    ['Invalid', 422],
    ['TooManyRequests', 429],
    ['ServerTimeout', 500],
  ];
  for (const [reason, code] of codes) assert.equal(new StatusError(reason, 'm').code, code, reason);
});

test('an error goes over the wire as a Status and comes back as it was', () => {
  const error = new StatusError('Invalid', 'spec.x: Required value', {
    name: 'fluentd',
    kind: 'DaemonSet',
    causes: [{ reason: 'FieldValueRequired', field: 'spec.x', message: 'Required value' }],
  });
  const status = JSON.parse(JSON.stringify(error.toStatus())) as Status;
  assert.equal(status.status, 'Failure');
  const back = statusErrorFrom(status, 422);
  assert.deepEqual(
    [back.reason, back.code, back.message, back.details],
    [error.reason, error.code, error.message, error.details],
  );
});

test('a Status without a reason, or with an unknown one, is classed by its code', () => {
  const cases: readonly (readonly [status: Partial<Status>, httpCode: number, reason: StatusReason])[] = [
    [{}, 404, 'NotFound'],
    [{ code: 403 }, 500, 'Forbidden'],
    [{ reason: 'SomethingNew' }, 429, 'TooManyRequests'],
    [{ reason: 'toString' }, 404, 'NotFound'],
    // Conflict asks for a fresh read, which is right for both; AlreadyExists would be taken for success by a creator.
    [{}, 409, 'Conflict'],
    [{}, 410, 'Gone'],
    [{}, 500, 'InternalError'],
    [{}, 502, 'InternalError'],
    [{}, 418, 'BadRequest'],
  ];
  for (const [status, httpCode, reason] of cases)
    assert.equal(statusErrorFrom(status, httpCode).reason, reason, `${JSON.stringify(status)} ${httpCode}`);
  assert.equal(statusErrorFrom({}, 502).code, 502);
});

test('reasons are asked by name, and of StatusErrors alone', () => {
  assert.equal(isReason(new StatusError('NotFound', ''), 'Conflict', 'NotFound'), true);
  assert.equal(isReason(new StatusError('NotFound', ''), 'Conflict'), false);
  assert.equal(isReason(Object.assign(new Error('NotFound'), { reason: 'NotFound' }), 'NotFound'), false);
});

test('overload, time-outs and server errors may be retried as they are; refusals may not', () => {
  const retryable: readonly StatusReason[] = [
    'TooManyRequests',
    'ServerTimeout',
    'Timeout',
    'ServiceUnavailable',
    'InternalError',
  ];
  const terminal: readonly StatusReason[] = [
    'Conflict',
    'AlreadyExists',
    'NotFound',
    'Invalid',
    'Forbidden',
    'Expired',
  ];
  for (const reason of retryable) assert.equal(isRetryable(new StatusError(reason, '')), true, reason);
  for (const reason of terminal) assert.equal(isRetryable(new StatusError(reason, '')), false, reason);
  assert.equal(isRetryable(new Error('x')), false);
});

test('the cause is kept', () => {
  const cause = new Error('socket');
  assert.equal(new StatusError('ServiceUnavailable', 'm', undefined, { cause }).cause, cause);
});
