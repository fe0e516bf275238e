// A real containerd of the test's own: Debian's binaries, everything of it below one directory, never the machine's
// service. Everything that ran in it is gone when it stops.
import { execFileSync, type ChildProcess, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCri } from '../../../src/agent/cri/index.ts';
import { buildImage, busyboxFiles, type ImageFile, type ImageOptions } from '../../../scripts/build-image.ts';
import { eventually } from '../../e2e/support/eventually.ts';
import { needsKubectl } from '../../e2e/support/kubectl.ts';
import { showLastWordsOfFile } from '../../e2e/support/last-words.ts';

const needed = [
  '/usr/bin/containerd',
  '/usr/sbin/runc',
  '/usr/lib/cni/ptp',
  '/bin/busybox',
  '/usr/bin/ctr',
  '/usr/bin/etcd',
];
export const toolsImage = 'localhost/tools:1';
const pauseImage = 'localhost/pause:1';
const startMs = 120_000;

function missing(): string | undefined {
  if (process.geteuid?.() !== 0) return 'needs root';
  const absent = needed.filter((path) => !isExecutable(path));
  return absent.length === 0 ? needsKubectl.skip : `needs ${absent.join(', ')}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not on this machine: that is the answer.
    return false;
  }
}

const why = missing();
if (why !== undefined && process.env.CI === 'true') throw new Error(`CI runs real containers: ${why}`);

/** Options for tests that need a container runtime: skipped, saying so, on a machine without it. */
export const needsContainerd: { readonly skip?: string } = why === undefined ? {} : { skip: `containerd: ${why}` };

export interface Containerd {
  readonly socketPath: string;
  /** Makes `everynode up` use it. */
  readonly upArguments: readonly string[];
  readonly nodeDirectory: string;
  /** For data directories: outlives the clusters, goes with containerd. */
  readonly directory: string;
  importImage(image: ImageOptions): void;
  /** Process IDs of what runs in containers, by container ID. */
  tasks(): ReadonlyMap<string, number>;
  /** Of one pod, its pause container included. */
  tasksOf(uid: string): ReadonlyMap<string, number>;
  /** Everything that containerd itself keeps, also what its CRI does not know. */
  containerIds(): readonly string[];
  /** Kills the daemon; containers go on, as in real life. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends everything that ran in it. */
  close(): Promise<void>;
}

export async function startContainerd(): Promise<Containerd> {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-containerd-'));
  const socketPath = join(directory, 'containerd.sock');
  mkdirSync(join(directory, 'cni'));
  writeFileSync(join(directory, 'config.toml'), config(directory, socketPath));
  const ctr = (...args: string[]) =>
    execFileSync('ctr', ['-a', socketPath, '-n', 'k8s.io', ...args], { encoding: 'utf8' });
  let daemon: ChildProcess | undefined;

  const start = async () => {
    const log = openSync(join(directory, 'log'), 'a');
    daemon = spawn('containerd', ['--config', join(directory, 'config.toml')], { stdio: ['ignore', log, log] });
    closeSync(log);
    const cri = connectCri(socketPath);
    await eventually('containerd answers', () => cri.runtime.version({}), startMs).finally(() => cri.close());
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const ended = new Promise((resolve) => daemon?.once('exit', resolve));
    daemon?.kill(signal);
    await ended;
    daemon = undefined;
  };

  /** All of them, or those in this state. */
  const tasksIn = (wanted?: string) =>
    new Map(
      ctr('tasks', 'ls')
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s+/))
        .filter(([id, , state]) => id !== '' && (wanted === undefined || state === wanted))
        .map(([id, pid]) => [id!, Number(pid)]),
    );

  shareNetworkNamespaces();
  await start();
  const importImage = (image: ImageOptions) => {
    const file = join(directory, 'image.tar');
    writeFileSync(file, buildImage(image));
    ctr('images', 'import', file);
    rmSync(file);
  };
  const files = busyboxFiles('/bin/busybox');
  importImage({ tag: pauseImage, command: ['/bin/tail', '-f', '/dev/null'], files });
  importImage({ tag: toolsImage, command: ['/bin/sh'], files });
  const nodeDirectory = join(directory, 'node');
  return {
    socketPath,
    directory,
    nodeDirectory,
    importImage,
    upArguments: ['--runtime', 'containerd', '--containerd-socket', socketPath, '--node-dir', nodeDirectory],
    tasks: () => tasksIn('RUNNING'),
    tasksOf(uid) {
      const ids = ctr('containers', 'ls', '-q', `labels."io.kubernetes.pod.uid"==${uid}`).split('\n');
      return new Map([...tasksIn('RUNNING')].filter(([id]) => ids.includes(id)));
    },
    containerIds: () =>
      ctr('containers', 'ls', '-q')
        .split('\n')
        .filter((id) => id !== ''),
    kill,
    start,
    async close() {
      showLastWordsOfFile('containerd', () => readFileSync(join(directory, 'log'), 'utf8'));
      const cri = connectCri(socketPath);
      try {
        for (const { id, metadata } of (await cri.runtime.listPodSandbox({})).items) {
          await cri.runtime.stopPodSandbox({ podSandboxId: id });
          await cri.runtime.removePodSandbox({ podSandboxId: id });
          const { namespace, name, uid } = metadata!;
          removeLogs(`${namespace}_${name}_${uid}`);
        }
      } finally {
        cri.close();
        // What a failed test leaves must not run on.
        for (const pid of tasksIn().values()) endProcess(pid);
        await kill('SIGTERM');
        endShims(socketPath);
      }
      for (const point of mountsBelow(directory)) execFileSync('umount', ['--lazy', point]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * As `ip netns add` does when it first runs. Were it to do so while containers run, it would hide their namespaces from
 * containerd, which then could not remove them.
 */
function shareNetworkNamespaces(): void {
  const name = `everynode-${process.pid}`;
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['netns', 'delete', name]);
}

/** Of a pod whose agent is not there any more to do it. */
function removeLogs(pod: string): void {
  const directory = join('/var/log/pods', pod);
  const links = '/var/log/containers';
  if (existsSync(links))
    for (const link of readdirSync(links))
      if (targetOf(join(links, link)).startsWith(`${directory}/`)) rmSync(join(links, link), { force: true });
  rmSync(directory, { recursive: true, force: true });
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Somebody else's: gone meanwhile, or no link.
    return '';
  }
}

/** Those of a containerd that has ended; each belongs to one pod that it had. */
function endShims(socketPath: string): void {
  const address = `\0-address\0${socketPath}\0`;
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number))
    if (commandLine(pid).includes(address)) endProcess(pid);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** A program of this machine with the libraries that it is linked with, as files of an image. */
export function filesOfProgram(path: string): readonly ImageFile[] {
  const libraries = execFileSync('sh', ['-c', `ldd ${path} || true`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const paths = [...libraries.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library!);
  return [path, ...paths].map((file) => ({ path: file, content: readFileSync(file) }));
}

export function mountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${directory}/`))
    .toReversed();
}

/** What stands in the way on machines of CI: no CAP_SYS_RESOURCE (oom_score_adj), no registry (the pause image). */
function config(directory: string, socketPath: string): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
oom_score = 0
[grpc]
  address = "${socketPath}"
[ttrpc]
  address = "${socketPath}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
`;
}
