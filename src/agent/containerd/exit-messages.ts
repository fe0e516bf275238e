// The message that a container leaves when it ends: in its file, or, where it may be, the end of its log; after what the
// runtime itself says of it (kubelet's convertToKubeContainerStatus).
// https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
import { join } from 'node:path';
import type { Container, Pod, Stored } from '../../api/index.ts';
import { type ContainerRecord, containersInOrder, type Exit } from '../../core/pod/index.ts';
import { openIfThere, readLogTail } from '../logs/index.ts';
import type { NodeContext } from './context.ts';
import { containerLogName, podLogDirectory } from './paths.ts';
import { terminationMessagePath } from './volumes/container-mounts.ts';

const messageBytesMax = 4096;
/** Of all containers of a pod together (kubelet: MaxPodTerminationMessageLogLength). */
const podMessageBytesMax = 12 * 1024;
const logTail = { linesMax: 80, bytesMax: 2048 };

/** The records with the message that each container which ended since `before` left behind. */
export async function withExitMessages(
  { paths }: Pick<NodeContext, 'paths'>,
  pod: Stored<Pod>,
  before: readonly ContainerRecord[],
  records: readonly ContainerRecord[],
): Promise<readonly ContainerRecord[]> {
  const containers = new Map(containersInOrder(pod.spec).map(({ container }) => [container.name, container]));
  const bytesMax = Math.floor(podMessageBytesMax / containers.size);
  return await Promise.all(
    records.map(async (record, index) => {
      const { attempt, name, restartCount } = record;
      const container = containers.get(name);
      if (record === before[index] || attempt.is !== 'exited' || container === undefined) return record;
      const { exit } = attempt;
      const file = terminationMessagePath(paths, pod.metadata.uid, name, restartCount);
      const log = join(podLogDirectory(paths, pod), containerLogName(name, restartCount));
      const left = await endOfFile(file);
      const said = left === '' && usesLog(container, exit) ? await readLogTail(log, logTail) : left;
      const message = cut([exit.message ?? '', said].filter((text) => text !== '').join(': '), bytesMax);
      return message === '' ? record : { ...record, attempt: { ...attempt, exit: { ...exit, message } } };
    }),
  );
}

function usesLog({ terminationMessagePolicy }: Container, { exitCode }: Exit): boolean {
  return terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
}

/** The container may have written as much as it liked: only the end is read. */
async function endOfFile(path: string): Promise<string> {
  await using file = await openIfThere(path);
  if (file === undefined) return '';
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(messageBytesMax),
    0,
    messageBytesMax,
    Math.max(size - messageBytesMax, 0),
  );
  return buffer.toString('utf8', 0, bytesRead);
}

function cut(text: string, bytesMax: number): string {
  return Buffer.byteLength(text) <= bytesMax ? text : Buffer.from(text).toString('utf8', 0, bytesMax);
}
