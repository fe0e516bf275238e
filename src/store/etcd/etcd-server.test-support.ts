// A real etcd for tests: the machine's own binary, on loopback, its data in a directory of the test's, ended by its id.
// Only tests import this.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const startMsMax = 20_000;

const isThere = spawnSync('etcd', ['--version']).status === 0;
if (!isThere && process.env['CI'] === 'true') throw new Error('CI needs a real etcd: install etcd-server');

/** Options for tests that need etcd: skipped, saying so, on a machine without it. */
export const needsEtcd: { readonly skip?: string } = isThere
  ? {}
  : { skip: 'no etcd on this machine (Debian: etcd-server)' };

export interface EtcdServerOptions {
  readonly directory: string;
  /** Other arguments; with certificates among them the client's side speaks TLS. */
  readonly args?: readonly string[];
  readonly scheme?: 'http' | 'https';
}

export interface EtcdServer {
  readonly endpoint: string;
  start(): Promise<void>;
  /** As abruptly as it can be: SIGKILL. */
  kill(): Promise<void>;
}

/** Started already. The same data and address at every further start. */
export async function startEtcd({ directory, args = [], scheme = 'http' }: EtcdServerOptions): Promise<EtcdServer> {
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const endpoint = `${scheme}://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const flags: Readonly<Record<string, string>> = {
    'data-dir': join(directory, 'etcd'),
    'listen-client-urls': endpoint,
    'advertise-client-urls': endpoint,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'log-level': 'error',
    // A single member waits for nobody: these only make its start quick.
    'heartbeat-interval': '50',
    'election-timeout': '250',
  };
  let child: ChildProcess | undefined;
  const server: EtcdServer = {
    endpoint,
    async start() {
      const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
      const started = spawn('etcd', [...given, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      let complaints = '';
      started.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
      const end = performance.now() + startMsMax;
      while (!(await accepts(clientPort))) {
        if (started.exitCode !== null || performance.now() > end) throw new Error(`etcd did not start:\n${complaints}`);
        await delay(20);
      }
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
  await server.start();
  return server;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** etcd takes no port 0: its members have to know their addresses beforehand. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
