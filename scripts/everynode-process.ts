// `everynode` as a process, for what runs it by hand: started as a user starts it, read by what it prints and by what the
// kernel says of it. (Tests have their own: test/e2e/support/everynode.ts, tied to a test's end.)
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const program = join(import.meta.dirname, '..', 'bin', 'everynode.js');
const saidMsMax = 60_000;
const pollMs = 50;
const stopMsMax = 20_000;
/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface EverynodeProcess {
  readonly pid: number;
  /** Everything it printed. */
  output(): string;
  /** Waits until it printed something like this. */
  said(what: RegExp): Promise<RegExpExecArray>;
  /** Rejects when it ends without being asked to. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

export function startEverynode(args: readonly string[]): EverynodeProcess {
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
  return {
    pid: child.pid!,
    output: () => text,
    ended,
    async said(what) {
      const end = performance.now() + saidMsMax;
      for (;;) {
        const found = what.exec(text);
        if (found !== null) return found;
        if (performance.now() > end) throw new Error(`not said within ${saidMsMax} ms: ${what}\n${text}`);
        await Promise.race([delay(pollMs), ended]);
      }
    },
    async stop() {
      stopping = true;
      await end(child, exited);
    },
  };
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const late = AbortSignal.timeout(stopMsMax);
  late.addEventListener('abort', () => child.kill('SIGKILL'));
  await exited;
}

/** Resident memory, bytes: now, and the most there ever was. */
export function residentBytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** What the process has used of the processors so far, in user and in kernel mode. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
