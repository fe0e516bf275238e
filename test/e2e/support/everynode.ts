// `everynode` as a real process: started as a user starts it, read by what it prints, stopped by signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { showLastWords } from './last-words.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export const program = join(root, 'bin', 'everynode.js');
export const seedManifest = join(root, 'examples', 'fluentd-elasticsearch.yaml');

/** Seconds as a rule; a slow machine that does much else may take its time. */
const startMs = 120_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Everynode {
  readonly pid: number;
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly kubectl: Kubectl;
  /** What it printed so far, stdout and stderr. */
  output(): string;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

export interface UpOptions {
  readonly nodes?: number;
  /** Absent: a directory of its own, removed after the test. */
  readonly dataDir?: string;
  /** Keeps nothing; instead of a data directory. */
  readonly memory?: true;
  /** More arguments for `everynode up`. */
  readonly args?: readonly string[];
}

const directories: string[] = [];
after(() => {
  for (const directory of directories)
    try {
      rmSync(directory, { recursive: true, force: true });
    } catch {
      // Somebody still writes there: that is no reason to fail.
    }
});

/**
 * A directory that goes when the tests of this file have ended. Not with its test: the hooks of a test run in the order in
 * which they were given, and whoever writes there is started, and so ended, later.
 */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-test-'));
  directories.push(directory);
  return directory;
}

/** Starts `everynode up` and waits until it says it is ready; it is stopped, at the latest, when the test ends. */
export async function up(context: TestContext, options: UpOptions = {}): Promise<Everynode> {
  const home = temporaryDirectory();
  const dataDir = options.dataDir ?? join(home, 'data');
  const nodes = String(options.nodes ?? 3);
  const state = options.memory === true ? ['--memory'] : ['--data-dir', dataDir];
  const args = ['up', ...state, '--port', '0', '--nodes', nodes, ...(options.args ?? [])];
  // What is kept in memory alone has its keys in a temporary directory, and may be killed.
  const env = { ...process.env, TMPDIR: home };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: home, env });
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = (signal: NodeJS.Signals = 'SIGINT') => {
    child.kill(signal);
    return ended;
  };
  const output = collectOutput(child);
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    showLastWords(context, `everynode ${args.join(' ')}`, output());
  });
  await ready(child, output, ended);
  const url = /https:\/\/\S+/.exec(output())?.[0];
  const kubeconfigPath = /KUBECONFIG=(\S+)/.exec(output())?.[1];
  if (url === undefined || kubeconfigPath === undefined) throw new Error(`no API or kubeconfig in:\n${output()}`);
  return { pid: child.pid!, url, kubeconfigPath, kubectl: createKubectl(kubeconfigPath, home), output, stop };
}

/** Runs `everynode` to its end. */
export async function everynode(args: readonly string[]): Promise<Ended & { stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), startMs);
  const ended = await new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  return { ...ended, stdout, stderr };
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

async function ready(child: ChildProcess, output: () => string, ended: Promise<Ended>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const look = new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not ready after ${startMs} ms:\n${output()}`)), startMs);
    const check = () => {
      if (/^ready/m.test(output())) resolve();
    };
    child.stdout?.on('data', check);
    check();
    void ended.then(({ code, signal }) =>
      reject(new Error(`ended with ${code ?? signal} before it was ready:\n${output()}`)),
    );
  });
  await look.finally(() => clearTimeout(timer));
}
