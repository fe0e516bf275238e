// /healthz, /livez and /readyz: one word, or with ?verbose a line for each check; /readyz/etcd asks for one check alone
// (apiserver/pkg/server/healthz). https://kubernetes.io/docs/reference/using-api/health-checks/
import { sleep } from '../../machinery/index.ts';
import type { ApiServer } from '../server.ts';

/** The store has to answer within this. */
const storeMsMax = 2_000;

type Check = (server: ApiServer) => Promise<boolean>;

/** `etcd` is what the store is called in all of Kubernetes, whatever it is here. */
const checks: Readonly<Record<string, Check>> = { ping: () => Promise.resolve(true), etcd: storeAnswers };
/** A store that is away is no reason to start this process again. */
const checksOf: Readonly<Record<string, readonly string[]>> = {
  healthz: ['ping', 'etcd'],
  livez: ['ping'],
  readyz: ['ping', 'etcd'],
};

export interface Health {
  readonly code: 200 | 500;
  readonly text: string;
}

/** Undefined: there is no such path. */
export async function healthAt(
  server: ApiServer,
  segments: readonly string[],
  isVerbose: boolean,
): Promise<Health | undefined> {
  const [name = '', only, ...more] = segments;
  const all = Object.hasOwn(checksOf, name) ? checksOf[name]! : undefined;
  if (all === undefined || more.length > 0 || (only !== undefined && !all.includes(only))) return undefined;
  const asked = only === undefined ? all : [only];
  const results = await Promise.all(asked.map((check) => checks[check]!(server)));
  const isWell = results.every(Boolean);
  if (isWell && (!isVerbose || only !== undefined)) return { code: 200, text: 'ok' };
  const lines = asked.map((check, index) =>
    results[index]! ? `[+]${check} ok` : `[-]${check} failed: reason withheld`,
  );
  return { code: isWell ? 200 : 500, text: `${lines.join('\n')}\n${name} check ${isWell ? 'passed' : 'failed'}\n` };
}

async function storeAnswers(server: ApiServer): Promise<boolean> {
  const over = new AbortController();
  const tooLate = sleep(server.clock, storeMsMax, over.signal).then(
    () => false,
    () => false,
  );
  const answered = server.ping().then(
    () => true,
    () => false,
  );
  return Promise.race([answered, tooLate]).finally(() => over.abort());
}
