// One agent for one runtime: two would each clear away what the other runs. Held by the kernel as long as the process
// lives, so that no crash leaves it behind (an abstract unix socket; Linux only, as containers are).
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

/** The machine cannot be a node as asked; the message is for the user. */
export class NodeStartError extends Error {
  override readonly name = 'NodeStartError';
}

export interface MachineLock {
  release(): Promise<void>;
}

/** @throws NodeStartError when another agent uses this runtime. */
export async function lockRuntime(socketPath: string): Promise<MachineLock> {
  const name = `\0everynode-node-${createHash('sha256').update(socketPath).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') reject(error);
      else reject(new NodeStartError(`another everynode runs containers with ${socketPath}: stop it first`));
    });
    server.listen(name, resolve);
  });
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
