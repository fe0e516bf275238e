// `everynode controller` as a process of its own, against a cluster that runs without a DaemonSet controller.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { parseYaml } from '../../../src/machinery/index.ts';
import { type Ended, program } from './everynode.ts';
import { eventually } from './eventually.ts';
import { showLastWords } from './last-words.ts';

/** For `everynode up`: the controller comes from outside. */
export const withoutDaemonSets = ['--controllers', '*,-daemonset-controller'] as const;
/** So that a test of failover takes seconds; and long enough for one who gets little of the processor to keep it. */
export const quickLease = [
  ['--leader-elect-lease-duration', '8s'],
  ['--leader-elect-renew-deadline', '6s'],
  ['--leader-elect-retry-period', '500ms'],
  ['--preflight-wait', '500ms'],
].flat();

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface ControllerProcess {
  /** What it logged so far. */
  log(): readonly LogLine[];
  /** Waits for a log line of this message. */
  says(message: string): Promise<LogLine>;
  /** A page of its own HTTP server: `metrics` or `health`. */
  page(what: string, path: string): Promise<{ readonly code: number; readonly text: string }>;
  signal(name: NodeJS.Signals): void;
  stop(name?: NodeJS.Signals): Promise<Ended>;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<Ended>;
}

export function startController(
  context: TestContext,
  kubeconfigPath: string,
  args: readonly string[] = quickLease,
  /** What it is run by: `ip netns exec …`. */
  within: readonly string[] = [],
): ControllerProcess {
  const all = [...within, process.execPath, program, 'controller', '--kubeconfig', kubeconfigPath, ...args];
  const child = spawn(all[0]!, all.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = (name: NodeJS.Signals = 'SIGTERM') => {
    child.kill(name);
    return ended;
  };
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    showLastWords(context, `everynode controller ${args.join(' ')}`, text);
  });
  // A line under way is not complete yet; the one line of a failure is no JSON.
  const log = () =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  const says = (message: string) =>
    eventually(`the controller says '${message}'`, async () => {
      const line = log().find((entry) => entry.message === message);
      assert.ok(line !== undefined, text.slice(-2000));
      return line;
    });
  return {
    log,
    says,
    async page(what, path) {
      const { url } = await says(`serving ${what}`);
      const answer = await fetch(`${url as string}${path}`);
      return { code: answer.status, text: await answer.text() };
    },
    signal: (name) => void child.kill(name),
    stop,
    ended,
  };
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }[];
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string } }[];
}

/** A kubeconfig for the same cluster with other credentials. Returns its path. */
export function kubeconfigWith(directory: string, original: string, user: object, server?: string): string {
  const [read] = parseYaml(readFileSync(original, 'utf8')) as readonly Kubeconfig[];
  const context = read!.contexts.find(({ name }) => name === read!['current-context'])!.context;
  const { cluster } = read!.clusters.find(({ name }) => name === context.cluster)!;
  const authority = cluster['certificate-authority'];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: {
          ...cluster,
          ...(server === undefined ? {} : { server }),
          // Relative to the file that it stands in.
          ...(typeof authority === 'string' ? { 'certificate-authority': resolve(dirname(original), authority) } : {}),
        },
      },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  const path = join(directory, `kubeconfig-${Object.keys(user).join('-')}.json`);
  writeFileSync(path, JSON.stringify(config));
  return path;
}
