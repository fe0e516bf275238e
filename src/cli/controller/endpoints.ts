// Where this process shows how it is: /metrics and /healthz, /readyz, each at the address it was given, or at none.
import {
  type BindAddress,
  type Endpoints,
  type EndpointServer,
  healthEndpoints,
  type Logger,
  type Metrics,
  metricsEndpoint,
  parseBindAddress,
  serveEndpoints,
} from '../../observe/index.ts';
import { Refusal } from '../failure.ts';

export interface Standing {
  /** It may write now. */
  readonly writing: () => boolean;
  /** The controller is to run here. */
  readonly leading: () => boolean;
  /** The API server was heard of: by the lease when there is one. */
  readonly seen: () => boolean;
  /** The controller of this term has its lists. */
  readonly synced: () => boolean;
}

export interface BindAddresses {
  readonly metrics: BindAddress | undefined;
  readonly health: BindAddress | undefined;
}

/** Throws a Refusal for what is no address. */
export function bindAddresses(options: {
  readonly metricsBindAddress?: string;
  readonly healthBindAddress?: string;
}): BindAddresses {
  const parse = (flag: string, text: string | undefined) => {
    const address = text === undefined ? undefined : parseBindAddress(text);
    if (text !== undefined && address === undefined)
      throw new Refusal(`${flag} '${text}': it must be 'host:port' or ':port'`);
    return address;
  };
  return {
    metrics: parse('--metrics-bind-address', options.metricsBindAddress),
    health: parse('--health-bind-address', options.healthBindAddress),
  };
}

/** Rejects with a Refusal when an address cannot be had; then nothing is left open. */
export async function serveAll(
  { metrics, health }: BindAddresses,
  numbers: Metrics,
  standing: Standing,
  log: Logger,
): Promise<{ close(): Promise<void> }> {
  numbers.gauge('everynode_leader', '1 while this replica may write, else 0.', [], () => [
    { value: standing.writing() ? 1 : 0 },
  ]);
  const shown = { ...metricsEndpoint(numbers) };
  const checked = healthEndpoints({ healthy: { ping: () => undefined }, ready: readiness(standing) });
  const open: EndpointServer[] = [];
  const close = async () => void (await Promise.all(open.map((server) => server.close())));
  const together = metrics !== undefined && metrics.port !== 0 && sameAddress(metrics, health);
  const wanted: readonly (readonly [string, BindAddress | undefined, Endpoints])[] = together
    ? [['metrics and health', metrics, { ...shown, ...checked }]]
    : [
        ['metrics', metrics, shown],
        ['health', health, checked],
      ];
  for (const [what, address, endpoints] of wanted) {
    if (address === undefined) continue;
    try {
      const server = await serveEndpoints(address, endpoints);
      open.push(server);
      log.info(`serving ${what}`, { url: server.url });
    } catch (error) {
      await close();
      throw new Refusal(`cannot serve ${what}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { close };
}

/** A replica that stands by is ready: it could lead any moment. */
function readiness({ leading, seen, synced }: Standing) {
  return {
    'api-server': () => (seen() ? undefined : 'the lease has not been seen yet'),
    lists: () => (leading() && !synced() ? 'the first lists are not complete yet' : undefined),
  };
}

function sameAddress(a: BindAddress, b: BindAddress | undefined): boolean {
  return a.host === b?.host && a.port === b.port;
}
