// The real kubectl, as a user has it: found on the machine, run as a process, looked at from outside.
import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';

/** `KUBECTL`, else the first kubectl on the PATH. */
function findKubectl(): string | undefined {
  if (process.env.KUBECTL !== undefined) return process.env.KUBECTL;
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, 'kubectl');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory: look in the next.
    }
  }
  return undefined;
}

const kubectlPath = findKubectl();
if (kubectlPath === undefined && process.env.CI === 'true') {
  throw new Error('CI needs the real kubectl: install kubernetes-client or set KUBECTL');
}

/** Options for tests that need kubectl: skipped, saying so, on a machine without it. */
export const needsKubectl: { readonly skip?: string } =
  kubectlPath === undefined ? { skip: 'no kubectl on this machine (set KUBECTL or install kubernetes-client)' } : {};

const outputBytesMax = 256 * 1024 * 1024;
const commandMs = 120_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs to the end; throws with kubectl's own words when it fails. Returns stdout. */
  run(args: readonly string[], input?: string): Promise<string>;
  /** Runs to the end, whatever comes of it. */
  attempt(args: readonly string[], input?: string): Promise<Outcome>;
  /** `kubectl get … -o json`, parsed. */
  get<T>(...args: readonly string[]): Promise<T>;
  /** `kubectl get … --watch` as it streams, until `stop`. */
  watch<T>(...args: readonly string[]): Watching<T>;
  /** Runs until it ends by itself or is stopped: what follows, forwards or attaches. */
  start(...args: readonly string[]): RunningKubectl;
}

export interface RunningKubectl {
  /** Its stdout and stderr so far. */
  output(): string;
  readonly stdin: Writable;
  /** Resolves to its exit code, null when stopped. */
  readonly ended: Promise<number | null>;
  stop(): Promise<number | null>;
}

export interface Watching<T> {
  readonly events: readonly { readonly type: string; readonly object: T }[];
  stop(): void;
}

/** `home` keeps kubectl's caches apart from the user's. */
export function createKubectl(kubeconfigPath: string, home: string): Kubectl {
  const environment = { ...process.env, KUBECONFIG: kubeconfigPath, HOME: home };
  const attempt = (args: readonly string[], input?: string) =>
    new Promise<Outcome>((resolve, reject) => {
      const options = { env: environment, maxBuffer: outputBytesMax, timeout: commandMs };
      const child = execFile(kubectlPath!, args, options, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
      // A kubectl that reads no input may end before it could be written: its exit code tells how it went.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input ?? '');
    });
  const run = async (args: readonly string[], input?: string) => {
    const outcome = await attempt(args, input);
    if (outcome.code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${outcome.code}\n${outcome.stderr}`);
    return outcome.stdout;
  };
  return {
    run,
    attempt,
    get: async <T>(...args: readonly string[]) => JSON.parse(await run(['get', ...args, '-o', 'json'])) as T,
    watch<T>(...args: readonly string[]) {
      const flags = ['--watch', '--output-watch-events', '-o', 'json'];
      return follow<T>(spawn(kubectlPath!, ['get', ...args, ...flags], { env: environment }));
    },
    start: (...args) => running(spawn(kubectlPath!, args, { env: environment })),
  };
}

function running(child: ChildProcessWithoutNullStreams): RunningKubectl {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    output: () => text,
    stdin: child.stdin,
    ended,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** kubectl prints each event as JSON on a line of its own. */
function follow<T>(child: ChildProcess): Watching<T> {
  const events: { type: string; object: T }[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      events.push(JSON.parse(line) as { type: string; object: T });
    });
  }
  return { events, stop: () => child.kill('SIGTERM') };
}
