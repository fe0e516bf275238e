// What GET /metrics tells of the API server, under kube-apiserver's names. Counting costs a look into a map; the
// library that writes the text is loaded by the first scrape.
// https://kubernetes.io/docs/reference/instrumentation/metrics/
import { createMetrics, type Metrics } from '../../observe/index.ts';
import type { ResourceTable } from '../resources/table.ts';
import type { ApiServer } from '../server.ts';
import type { ResourceRoute, SystemRoute } from './route.ts';

/** Series of apiserver_request_total: resources × verbs × codes are far fewer; what is beyond is not told apart. */
const seriesMax = 10_000;

export interface Load {
  /** Requests in progress, watches and streams aside. */
  readonly inFlight: number;
  readonly watches: number;
  /** Logs that are read, exec, attach, port-forward. */
  readonly streams: number;
  /** Watches that were cut off because nobody read them, ever. */
  readonly cutOff: number;
}

export interface RequestCounts {
  count(route: ResourceRoute | SystemRoute | undefined, code: number): void;
  scrape(): Promise<{ readonly text: string; readonly contentType: string }>;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Since the last scrape. */
  fresh: number;
}

export function createRequestCounts(
  { resources, countObjects }: Pick<ApiServer, 'resources' | 'countObjects'>,
  load: () => Load,
): RequestCounts {
  const series = new Map<string, Series>();
  let objects: ReadonlyMap<string, number> = new Map();
  let cutOffTold = 0;
  let addCutOff: ReturnType<Metrics['counter']>;
  let metrics: Promise<Metrics> | undefined;
  let add: ReturnType<Metrics['counter']>;

  const open = async (): Promise<Metrics> => {
    const opened = await createMetrics();
    const names = ['verb', 'group', 'version', 'resource', 'subresource', 'code'];
    add = opened.counter('apiserver_request_total', 'Requests that were answered.', names);
    opened.gauge('apiserver_current_inflight_requests', 'Requests in progress, long ones aside.', [], () => [
      { value: load().inFlight },
    ]);
    opened.gauge('apiserver_longrunning_requests', 'Open watches, and streams from nodes.', ['verb'], () => [
      { labels: { verb: 'WATCH' }, value: load().watches },
      { labels: { verb: 'CONNECT' }, value: load().streams },
    ]);
    opened.gauge('apiserver_storage_objects', 'Objects that are stored.', ['resource'], () =>
      [...objects].map(([resource, value]) => ({ labels: { resource }, value })),
    );
    addCutOff = opened.counter('apiserver_terminated_watchers_total', 'Watches that were cut off: nobody read them.');
    return opened;
  };

  return {
    count(route, code) {
      const { verb, group, version, resource, subresource } = servedOf(resources, route);
      const key = `${code} ${verb} ${group} ${version} ${resource} ${subresource}`;
      const known = series.get(key);
      if (known !== undefined) known.fresh += 1;
      else if (series.size < seriesMax) {
        const labels = { verb: verb.toUpperCase(), group, version, resource, subresource, code: String(code) };
        series.set(key, { labels, fresh: 1 });
      }
    },
    async scrape() {
      const opened = await (metrics ??= open());
      objects = await countObjects();
      const { cutOff } = load();
      addCutOff({}, cutOff - cutOffTold);
      cutOffTold = cutOff;
      for (const entry of series.values()) {
        if (entry.fresh > 0) add(entry.labels, entry.fresh);
        entry.fresh = 0;
      }
      return { text: await opened.text(), contentType: opened.contentType };
    },
  };
}

const other = { verb: '', group: '', version: '', resource: '', subresource: '' };

/** Names that clients make up do not become labels: only what is served does. */
function servedOf(resources: ResourceTable, route: ResourceRoute | SystemRoute | undefined): typeof other {
  if (route?.kind !== 'resource') return other;
  const { verb, group, version, resource, subresource = '' } = route;
  const definition = resources.find(group, version, resource);
  if (definition === undefined || (subresource !== '' && !Object.hasOwn(definition.subresources, subresource)))
    return other;
  return { verb, group, version, resource, subresource };
}
