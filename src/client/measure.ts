// Counts what is asked of the API server, and how it answers.
import { StatusError } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Metrics } from '../observe/index.ts';
import type { Client } from './client.ts';
import { type Call, interceptCalls } from './intercept.ts';

export function measureCalls(client: Client, metrics: Metrics, clock: Clock): Client {
  const labelNames = ['verb', 'resource'];
  const count = metrics.counter('everynode_api_requests_total', 'Requests to the API server by their outcome.', [
    ...labelNames,
    'code',
  ]);
  const observe = metrics.histogram('everynode_api_request_seconds', 'How long the API server took.', labelNames);
  return interceptCalls(client, {
    async around(call, run) {
      const startedAt = clock.now();
      // Kubernetes answers a POST with Created and everything else with OK.
      let code = call.verb === 'create' ? '201' : '200';
      try {
        return await run();
      } catch (error) {
        code = codeOf(error);
        throw error;
      } finally {
        count({ ...labelsOf(call), code });
        observe(labelsOf(call), (clock.now() - startedAt) / 1000);
      }
    },
    watching: (call) => count({ ...labelsOf(call), code: '200' }),
    // A watch that fails later counts a second time: a server that answers, and then sends nonsense, is seen.
    watchFailed: (call, error) => count({ ...labelsOf(call), code: codeOf(error) }),
  });
}

function labelsOf({ verb, resource, subresource }: Call) {
  return { verb, resource: subresource === undefined ? resource.name : `${resource.name}/${subresource}` };
}

/** As client-go labels it: what never got an answer has no code. (Only our own errors have a cause.) */
function codeOf(error: unknown): string {
  return error instanceof StatusError && error.cause === undefined ? String(error.code) : '<error>';
}
