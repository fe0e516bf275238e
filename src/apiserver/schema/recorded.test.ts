// What a kube-apiserver 1.36.2 answered to a `create` with dryRun=All of each of these bodies: refusals with reason,
// field and sentence, and warnings. Recorded from one that ran beside this server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { StatusError } from '../../api/index.ts';
import { parseRoute } from '../http/route.ts';
import { admin, createTestServer } from '../server.test-support.ts';

interface Recorded {
  readonly name: string;
  readonly path: string;
  readonly body: unknown;
  readonly code: number;
  readonly message?: string;
  readonly causes?: readonly string[];
  readonly warnings?: readonly string[];
}

const file = join(import.meta.dirname, 'testdata', 'kube-apiserver-1.36.2.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly Recorded[];

describe('answers as kube-apiserver', () => {
  for (const [index, { name, path, body, ...expected }] of recorded.entries())
    test(`${index}: ${name}`, async () => {
      const { server } = await createTestServer();
      const route = parseRoute('POST', path, {});
      assert.ok(route.kind !== 'system' && route.verb !== 'watch');
      const request = { ...route, verb: route.verb, body, user: admin, userAgent: 'test', query: { dryRun: 'All' } };
      const answer = await server.handle(request).then(
        ({ code, warnings }) => ({ code, warnings: [...(warnings ?? [])].toSorted() }),
        (error: unknown) => {
          if (!(error instanceof StatusError)) throw error;
          const { code, message, details } = error;
          const causes = (details?.causes ?? []).map(({ reason, field, message: why }) => `${reason} ${field}: ${why}`);
          return causes.length === 0 ? { code, message } : { code, causes: causes.toSorted() };
        },
      );
      assert.deepEqual(answer, expected);
    });
});
