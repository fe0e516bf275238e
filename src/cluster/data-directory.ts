// Where one cluster keeps what outlives its process: state, certificates, the kubeconfig. A cluster in memory gets a
// temporary directory for the files that kubectl needs, removed when it stops.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeDirectory } from '../machinery/index.ts';
import { ClusterStartError } from './start-error.ts';

export interface DataDirectory {
  readonly path: string;
  /** The store's file; undefined for a cluster in memory. */
  readonly statePath: string | undefined;
  readonly pkiPath: string;
  readonly kubeconfigPath: string;
  /** Removes what was only for this run. */
  close(): Promise<void>;
}

/** The directory is for its owner alone: it holds keys. */
const mode = 0o700;

/** @throws ClusterStartError when there can be no such directory */
export async function openDataDirectory(path: string | undefined): Promise<DataDirectory> {
  const place = path === undefined ? await mkdtemp(join(tmpdir(), 'everynode-')) : resolve(path);
  await makeDirectory(place, mode).catch((cause: Error) => {
    throw new ClusterStartError(`the data directory cannot be made: ${cause.message}`, { cause });
  });
  return {
    path: place,
    statePath: path === undefined ? undefined : join(place, 'state.db'),
    ...clusterPaths(place),
    async close() {
      if (path === undefined) await rm(place, { recursive: true, force: true });
    },
  };
}

/** What others than the cluster itself look for in its directory. */
export function clusterPaths(place: string): Pick<DataDirectory, 'pkiPath' | 'kubeconfigPath'> {
  return { pkiPath: join(place, 'pki'), kubeconfigPath: join(place, 'kubeconfig') };
}

/** The port that the last run's kubeconfig points at: a restarted cluster answers where its clients look for it. */
export async function rememberedPort(kubeconfigPath: string): Promise<number | undefined> {
  const server = await rememberedServer(kubeconfigPath);
  return server === undefined ? undefined : Number(new URL(server).port);
}

/** `https://127.0.0.1:6443`; undefined where no cluster ever was. */
export async function rememberedServer(kubeconfigPath: string): Promise<string | undefined> {
  try {
    return /^\s*server: (https:\/\/\S+:\d+)$/m.exec(await readFile(kubeconfigPath, 'utf8'))?.[1];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
