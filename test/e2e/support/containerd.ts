// A containerd of the test's own: started from the machine's binaries on temporary folders, without Kubernetes' part of
// it, driven by ctr, gone when the test ends.
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from './eventually.ts';
import { temporaryDirectory } from './everynode.ts';
import type { Outcome } from './kubectl.ts';

const programs = ['containerd', 'ctr', 'runc'] as const;
const missing = programs.filter((program) => !isThere(program));
const root = process.getuid?.() === 0;
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`CI needs ${missing.join(', ')}: install containerd and runc`);

/** Options for tests that need it: skipped, saying so, where it is not there or not allowed. */
export const needsContainerd: { readonly skip?: string } =
  missing.length > 0
    ? { skip: `no ${missing.join(', ')} on this machine (install containerd and runc)` }
    : root
      ? {}
      : { skip: 'containerd runs containers only for root' };

const outputBytesMax = 16 * 1024 * 1024;
const commandMs = 120_000;

export interface Containerd {
  /** Runs ctr to its end, whatever comes of it. */
  readonly ctr: (...args: readonly string[]) => Promise<Outcome>;
}

export async function startContainerd(context: TestContext): Promise<Containerd> {
  const directory = temporaryDirectory();
  const socket = join(directory, 'containerd.sock');
  const config = join(directory, 'config.toml');
  const lines = [
    'version = 2',
    `root = "${join(directory, 'root')}"`,
    `state = "${join(directory, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    `[grpc]\naddress = "${socket}"`,
    `[ttrpc]\naddress = "${socket}.ttrpc"`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn('containerd', ['-c', config, '-l', 'warn'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  context.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const ctr = (...args: readonly string[]) =>
    new Promise<Outcome>((resolve, reject) => {
      const options = { maxBuffer: outputBytesMax, timeout: commandMs };
      execFile('ctr', ['--address', socket, ...args], options, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  await eventually('containerd answers', async () => {
    const { code, stderr } = await ctr('version');
    if (code !== 0) throw new Error(`${stderr}\n${log.slice(-2000)}`);
  });
  return { ctr };
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
