// What pods use of this machine: memory and files of their containers, as the runtime counts them, and what lies in their
// volumes and logs. Measured when it is asked for; `du` counts, as a kubelet has it do.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Pod, Stored } from '../../../api/index.ts';
import type { PodUse } from '../../../core/node/index.ts';
import type { NodeContext } from '../context.ts';
import { join } from 'node:path';
import { podLogDirectory, volumeDirectory } from '../paths.ts';
import { runtimeLabels } from '../runtime.ts';

const run = promisify(execFile);
const countMsMax = 60_000;
const countOutputBytesMax = 16 * 1024 * 1024;

/** By UID. */
export async function measurePods(
  { cri, nodeName, paths, signal }: Pick<NodeContext, 'cri' | 'nodeName' | 'paths' | 'signal'>,
  pods: readonly Stored<Pod>[],
): Promise<ReadonlyMap<string, PodUse>> {
  const volumesOf = ({ metadata, spec }: Stored<Pod>) =>
    (spec.volumes ?? [])
      .filter(({ emptyDir }) => emptyDir !== undefined && emptyDir.medium !== 'Memory')
      .map(({ name }) => ({ name, path: volumeDirectory(paths, metadata.uid, 'empty-dir', name) }));
  const logOf = (pod: Stored<Pod>, container: string) => join(podLogDirectory(paths, pod), container);
  const filter = { labelSelector: { [runtimeLabels.node]: nodeName } };
  const { stats } = await cri.runtime.listContainerStats({ filter }, { signal });
  const logs = pods.flatMap((pod) => pod.spec.containers.map(({ name }) => logOf(pod, name)));
  const sizes = await sizesOf([...logs, ...pods.flatMap((pod) => volumesOf(pod).map(({ path }) => path))], signal);
  return new Map(
    pods.map((pod) => {
      const { uid } = pod.metadata;
      const containers = stats
        .filter(({ attributes }) => attributes?.labels[runtimeLabels.podUid] === uid)
        .map(({ attributes, memory, writableLayer }) => {
          const name = attributes?.metadata?.name ?? '';
          const written = Number(writableLayer?.usedBytes?.value ?? 0);
          return {
            name,
            memoryBytes: Number(memory?.workingSetBytes?.value ?? 0),
            diskBytes: written + (sizes.get(logOf(pod, name)) ?? 0),
          };
        });
      const volumeBytes = new Map(volumesOf(pod).map(({ name, path }) => [name, sizes.get(path) ?? 0]));
      return [uid, { containers, volumeBytes }];
    }),
  );
}

/** Bytes on disk below each directory; those that are not there are left out. */
async function sizesOf(directories: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  if (directories.length === 0) return new Map();
  const options = { signal, timeout: countMsMax, maxBuffer: countOutputBytesMax };
  const count = ['--summarize', '--one-file-system', '--block-size=1', '--null', '--', ...directories];
  // Files that go while they are counted make it fail; what it has counted all the same is on its output.
  const stdout = await run('du', count, options).then(
    (done) => done.stdout,
    (error: Error & { readonly stdout?: string; readonly code?: unknown }) => {
      if (typeof error.code === 'number') return error.stdout ?? '';
      throw error;
    },
  );
  const lines = stdout.split('\0').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf('\t');
      return [line.slice(tab + 1), Number(line.slice(0, tab))];
    }),
  );
}
