// When an agent is killed while a container of its starts, containerd (1.6) may keep a task of which its CRI believes
// that it has ended: neither StopContainer nor RemoveContainer gets rid of it. containerd's own task service does.
import type { Client } from '@connectrpc/connect';
import type { Tasks } from './generated/tasks_pb.ts';

/** Where containerd keeps what came by the CRI. */
const headers = { 'containerd-namespace': 'k8s.io' };
const sigkill = 9;
const endMsMax = 10_000;

/** Ends a container's task, whatever state it is in. Rejects when it stays, also where there is no such service. */
export async function endLostTask(
  tasks: Client<typeof Tasks>,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const options = { headers, signal, timeoutMs: endMsMax };
  await tasks.kill({ containerId, signal: sigkill, all: true }, options);
  await tasks.wait({ containerId }, options);
  await tasks.delete({ containerId }, options);
}
