// The two processes of a soak, started as a user starts them: `everynode up` without a DaemonSet controller, and
// `everynode controller` against it. And what they say of themselves: their log, /metrics, and the kernel's numbers.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createHttpClient, type HttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'everynode.js');
const startMsMax = 60_000;
const pollMs = 100;
const stopMsMax = 20_000;

export interface Running {
  readonly pid: number;
  /** Everything it printed. */
  output(): string;
  /** `name` or `name{labels}` to value. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  /** Rejects when it ends without being asked to. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
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
  const up = start([...upArgs, '--controllers', '*,-daemonset-controller', ...options.upArgs]);
  await said(up, /^ready/m);
  const kubeconfig = join(dataDir, 'kubeconfig');
  const connection = await loadKubeconfig({ path: kubeconfig, clock: systemClock });
  const client = createHttpClient(connection);

  const addresses = ['--metrics-bind-address', '127.0.0.1:0', '--preflight-wait', '500ms'];
  const controller = start([
    'controller',
    '--kubeconfig',
    kubeconfig,
    ...addresses,
    '--self-check-interval',
    selfCheck,
  ]);
  const url = (await said(controller, /"serving metrics".*"url":"([^"]+)"|"url":"([^"]+)".*"serving metrics"/)).slice(
    1,
  );
  await said(controller, /the lists are complete/);
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
    up: { ...up.running, metrics: async () => parse(await ofUp()) },
    controller: {
      ...controller.running,
      metrics: async () => parse(await (await fetch(`${address}/metrics`)).text()),
    },
  };
}

/** What the kernel says: resident memory now, bytes. */
export function residentBytes({ pid }: Running): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

interface Started {
  readonly running: Omit<Running, 'metrics'>;
  readonly child: ChildProcess;
}

function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  let stopping = false;
  const exited = once(child, 'exit');
  const ended = exited.then(([code, signal]) => {
    if (stopping) return new Promise<never>(() => undefined);
    throw new Error(`everynode ${args[0]} ended with ${String(code ?? signal)}:\n${text.slice(-4000)}`);
  });
  ended.catch(() => undefined);
  const stop = async () => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const late = AbortSignal.timeout(stopMsMax);
    late.addEventListener('abort', () => child.kill('SIGKILL'));
    await exited;
  };
  return { child, running: { pid: child.pid!, output: () => text, ended, stop } };
}

async function said({ running }: Started, what: RegExp): Promise<RegExpExecArray> {
  const end = performance.now() + startMsMax;
  for (;;) {
    const found = what.exec(running.output());
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`not said within ${startMsMax} ms: ${what}\n${running.output()}`);
    await Promise.race([delay(pollMs), running.ended]);
  }
}

function parse(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (!line.startsWith('#') && space > 0) values.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return values;
}
