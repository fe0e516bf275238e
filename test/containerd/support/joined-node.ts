// `everynode node` as a real process.
import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { type Ended, program } from '../../e2e/support/everynode.ts';
import { showLastWords } from '../../e2e/support/last-words.ts';

const startMs = 120_000;

export interface JoinedNode {
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Starts it and waits until it says that it has joined; it is stopped, at the latest, when the test ends. */
export async function joinedNode(t: TestContext, args: readonly string[]): Promise<JoinedNode> {
  const child = spawn(process.execPath, [program, 'node', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = (signal: NodeJS.Signals = 'SIGINT') => {
    child.kill(signal);
    return ended;
  };
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    showLastWords(t, `everynode node ${args.join(' ')}`, output);
  });
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready after ${startMs} ms:\n${output}`)), startMs);
    const look = (text: string) => {
      output += text;
      if (/^ready/m.test(output)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    void ended.then(({ code, signal }) => reject(new Error(`ended with ${code ?? signal}:\n${output}`)));
    void ended.finally(() => clearTimeout(timer));
    child.stdout.on('data', () => {
      if (/^ready/m.test(output)) clearTimeout(timer);
    });
  });
  await ready;
  return { stop };
}
