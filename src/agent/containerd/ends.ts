// How containers ended, beyond what the runtime says: the message that a container left, and what the ends of all mean
// for a pod that was asked to go.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Stored } from '../../api/index.ts';
import { type ContainerRecord, restartAt } from '../../core/pod/index.ts';
import type { NodeContext, TellPod } from './context.ts';
import { containerLogName, podLogDirectory } from './paths.ts';
import { terminationMessagePath } from './volumes/container-mounts.ts';

/** https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
const messageBytesMax = 4096;
const logTailBytesMax = 2048;

/** The records with the message that each container which ended since `before` left behind. */
export async function withExitMessages(
  { paths }: NodeContext,
  pod: Stored<Pod>,
  before: readonly ContainerRecord[],
  records: readonly ContainerRecord[],
): Promise<readonly ContainerRecord[]> {
  const containers = new Map(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => [container.name, container]),
  );
  return await Promise.all(
    records.map(async (record, index) => {
      const { attempt, name, restartCount } = record;
      const container = containers.get(name);
      if (record === before[index] || attempt.is !== 'exited' || container === undefined) return record;
      const file = terminationMessagePath(paths, pod.metadata.uid, name, restartCount);
      const left = (await readIfThere(file)).toString('utf8', 0, messageBytesMax);
      const log = join(podLogDirectory(paths, pod), containerLogName(name, restartCount));
      const message = left === '' && usesLog(container, attempt.exit.exitCode) ? await logTail(log) : left;
      return message === '' ? record : { ...record, attempt: { ...attempt, exit: { ...attempt.exit, message } } };
    }),
  );
}

function usesLog({ terminationMessagePolicy }: Container, exitCode: number): boolean {
  return terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
}

/** The last lines of a log in the runtime's format (`time stream tag text`), as text. */
async function logTail(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const from = Math.max(size - logTailBytesMax, 0);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(logTailBytesMax), 0, logTailBytesMax, from);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    return lines.map((line) => line.split(' ').slice(3).join(' ')).join('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Tells of each container that ended since `before` and waits for its next start. */
export function tellBackOffs(
  tell: TellPod,
  pod: Stored<Pod>,
  before: readonly ContainerRecord[],
  records: readonly ContainerRecord[],
  now: number,
): void {
  const { name, namespace, uid } = pod.metadata;
  for (const [index, record] of records.entries()) {
    const due = record === before[index] ? undefined : restartAt(pod.spec, record);
    if (due === undefined || due <= now) continue;
    const which = `${record.name} in pod ${name}_${namespace}(${uid})`;
    tell(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${which}`);
  }
}

/** What a pod that was deleted ends as (kubelet: TerminatePod): failed when a container left with an error. */
export function finalPhase(records: readonly ContainerRecord[]): 'Succeeded' | 'Failed' {
  const failed = records.some(
    ({ kind, attempt }) => kind === 'main' && attempt.is === 'exited' && attempt.exit.exitCode !== 0,
  );
  return failed ? 'Failed' : 'Succeeded';
}
