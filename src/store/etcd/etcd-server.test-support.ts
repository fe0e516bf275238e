// A real etcd for tests: the machine's own binary, on loopback, its data in a directory of the test's, ended by its id.
// Only tests import this.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** For a slow machine that does much else. */
const startMsMax = 90_000;

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
export async function startEtcd(options: EtcdServerOptions): Promise<EtcdServer> {
  const [member] = await startEtcdCluster(1, options);
  return member!;
}

/** The members of one cluster, all started. */
export async function startEtcdCluster(
  size: number,
  { directory, args = [], scheme = 'http' }: EtcdServerOptions,
): Promise<readonly EtcdServer[]> {
  const ports = await freePorts(2 * size);
  const places = Array.from({ length: size }, (_, n) => ({
    name: `member-${n}`,
    port: ports[2 * n]!,
    peer: `http://127.0.0.1:${ports[2 * n + 1]}`,
  }));
  const members = places.map(({ name, port, peer }) => {
    const endpoint = `${scheme}://127.0.0.1:${port}`;
    const flags = {
      name,
      'data-dir': join(directory, name),
      'listen-client-urls': endpoint,
      'advertise-client-urls': endpoint,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': places.map((place) => `${place.name}=${place.peer}`).join(','),
      'log-level': 'error',
      // On one machine nobody is far away: these only make elections quick.
      'heartbeat-interval': '50',
      'election-timeout': '500',
    };
    const given = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    return member(endpoint, port, [...given, ...args]);
  });
  await Promise.all(members.map((one) => one.start()));
  return members;
}

function member(endpoint: string, port: number, args: readonly string[]): EtcdServer {
  let child: ChildProcess | undefined;
  return {
    endpoint,
    async start() {
      const started = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      let complaints = '';
      started.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
      const end = performance.now() + startMsMax;
      while (!(await accepts(port))) {
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

/** etcd takes no port 0: its members have to know their addresses beforehand. All at once, so that none comes twice. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
