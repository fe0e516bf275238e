import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../api/index.ts';
import { asRefusal, endingFor } from './failure.ts';

const codeOf = (error: unknown) => endingFor(asRefusal(error)).exitCode;

test('what an API server says of the object is the user’s to mend; what it says of the caller, or of itself, is not', () => {
  for (const reason of ['Invalid', 'BadRequest', 'NotFound', 'AlreadyExists'] as const)
    assert.equal(codeOf(new StatusError(reason, 'x')), 2, reason);
  for (const reason of ['Unauthorized', 'Forbidden', 'TooManyRequests', 'InternalError', 'ServiceUnavailable'] as const)
    assert.equal(codeOf(new StatusError(reason, 'x')), 1, reason);
  assert.equal(codeOf(new Error('x')), 1);
});
