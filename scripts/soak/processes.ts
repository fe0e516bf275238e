// The two processes of a soak, started as a user starts them: `everynode up` without a DaemonSet controller, and
// `everynode controller` against it. And what they say of themselves: their log, /metrics, and the kernel's numbers.
import { get } from 'node:https';
import { join } from 'node:path';
import { createHttpClient, type HttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { type EverynodeProcess, startEverynode } from '../everynode-process.ts';

export interface Running extends EverynodeProcess {
  /** `name` or `name{labels}` to value. */
  metrics(): Promise<ReadonlyMap<string, number>>;
}

export interface Soaked {
  readonly up: Running;
  readonly controller: Running;
  readonly client: HttpClient;
}

export async function startProcesses(options: {
  readonly dataDir: string;
  readonly nodes: number;
  readonly selfCheck: string;
  /** Short, so that what is kept is soon as much as it will ever be. */
  readonly eventTtl: string;
  readonly upArgs: readonly string[];
}): Promise<Soaked> {
  const { dataDir, nodes, selfCheck } = options;
  const upArgs = [
    'up',
    '--data-dir',
    dataDir,
    '--port',
    '0',
    '--nodes',
    String(nodes),
    '--no-table',
    '--event-ttl',
    options.eventTtl,
  ];
  const up = startEverynode([...upArgs, '--controllers', '*,-daemonset-controller', ...options.upArgs]);
  await up.said(/^ready/m);
  const kubeconfig = join(dataDir, 'kubeconfig');
  const connection = await loadKubeconfig({ path: kubeconfig, clock: systemClock });
  const client = createHttpClient(connection);

  const addresses = ['--metrics-bind-address', '127.0.0.1:0', '--preflight-wait', '500ms'];
  const controller = startEverynode([
    'controller',
    '--kubeconfig',
    kubeconfig,
    ...addresses,
    '--self-check-interval',
    selfCheck,
  ]);
  const url = (await controller.said(/"serving metrics".*"url":"([^"]+)"|"url":"([^"]+)".*"serving metrics"/)).slice(1);
  await controller.said(/the lists are complete/);
  const { tls } = connection;
  const { ca, certificate: cert, key } = (typeof tls === 'function' ? tls() : tls) ?? {};
  const ofUp = () =>
    new Promise<string>((resolve, reject) => {
      get(`${connection.server}/metrics`, { ca, cert, key }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(text));
      }).on('error', reject);
    });
  const address = url.find((part) => part !== undefined)!;
  return {
    client,
    up: { ...up, metrics: async () => parse(await ofUp()) },
    controller: {
      ...controller,
      metrics: async () => parse(await (await fetch(`${address}/metrics`)).text()),
    },
  };
}

function parse(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (!line.startsWith('#') && space > 0) values.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return values;
}
