// What `everynode node` does: be a node of a cluster on this machine until it is told to stop.
import { once } from 'node:events';
import { resolve } from 'node:path';
import { isDnsSubdomain } from '../api/index.ts';
import { ClusterStartError, joinNode } from '../cluster/index.ts';
import { systemClock, systemRandom } from '../machinery/index.ts';
import { createLogger } from '../observe/index.ts';
import type { NodeOptions } from './commands/node.ts';
import { Refusal } from './failure.ts';
import { listenForStop } from './stop-signal.ts';

export async function runNode(options: NodeOptions): Promise<void> {
  const { name, dataDir, containerdSocket, nodeDir, clearOnStop = false, logLevel } = options;
  if (!isDnsSubdomain(name))
    throw new Refusal(`--name '${name}': a node's name is lower case letters, digits, - and .`);
  if (process.geteuid?.() !== 0) throw new Refusal('everynode node needs root: it mounts, and runs containers');
  const stop = listenForStop(() => systemClock.now());
  const { signal } = stop;
  // While the API server is away there is nothing else that keeps a process alive.
  const staysAlive = setInterval(() => undefined, 60_000);
  try {
    const node = await joinNode({
      dataDir,
      nodeName: name,
      ...(containerdSocket === undefined ? {} : { socketPath: resolve(containerdSocket) }),
      ...(nodeDir === undefined ? {} : { directory: resolve(nodeDir) }),
      clearOnStop,
      clock: systemClock,
      random: systemRandom,
      log: createLogger({ level: logLevel }),
      signal,
    });
    try {
      process.stdout.write(`ready: node ${name} of ${node.url}\n`);
      if (!signal.aborted) await Promise.race([once(signal, 'abort'), node.failed]);
    } finally {
      await node.close();
    }
  } catch (error) {
    if (error instanceof ClusterStartError) throw new Refusal(error.message, { cause: error });
    // Stopped before it had joined: as clean as any other stop.
    if (error !== signal.reason) throw error;
  } finally {
    clearInterval(staysAlive);
    stop.close();
  }
  process.stdout.write('stopped cleanly\n');
}
