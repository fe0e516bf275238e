// One agent for one node: two of the same name on a runtime, or two in one directory, would each clear away what the
// other has. Held by the kernel as long as the process lives, so that no crash leaves it behind (an abstract unix socket;
// Linux only, as containers are).
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

/** The machine cannot be a node as asked; the message is for the user. */
export class NodeStartError extends Error {
  override readonly name = 'NodeStartError';
}

export interface MachineLock {
  release(): Promise<void>;
}

/** @throws NodeStartError when another agent is this node on this runtime, or keeps its pods in this directory. */
export async function lockNode(socketPath: string, nodeName: string, directory: string): Promise<MachineLock> {
  const other = `another everynode runs containers with ${socketPath} as node ${nodeName}: stop it first`;
  const runtime = await lock(`${socketPath}\n${nodeName}`, other);
  try {
    const place = await lock(directory, `another everynode keeps its pods in ${directory}: stop it first`);
    return { release: () => Promise.all([runtime.release(), place.release()]).then(() => undefined) };
  } catch (error) {
    await runtime.release();
    throw error;
  }
}

async function lock(what: string, refusal: string): Promise<MachineLock> {
  const name = `\0everynode-node-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') reject(error);
      else reject(new NodeStartError(refusal));
    });
    server.listen(name, resolve);
  });
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
