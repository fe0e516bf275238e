// What the runtime tells of its own configuration: containerd answers a verbose status with it, other runtimes may tell
// nothing, and then all of this is unknown.
import type { Cri } from '../cri/index.ts';

export interface RuntimeConfig {
  /** Where it looks for the configuration of the network. */
  readonly networkDirectory: string | undefined;
  /** The image of its sandboxes. */
  readonly sandboxImage: string | undefined;
  /** Whether systemd makes the cgroups for this runtime handler; '' = the default one. */
  usesSystemd(handler: string): boolean;
}

/** The part of containerd's configuration that is read here, by the names it has there. */
interface ContainerdConfig {
  readonly sandboxImage?: string;
  readonly cni?: { readonly confDir?: string };
  readonly containerd?: {
    readonly defaultRuntimeName?: string;
    readonly runtimes?: Readonly<Record<string, { readonly options?: { readonly SystemdCgroup?: boolean } | null }>>;
  };
}

/** Rejects when the runtime does not answer. */
export async function readRuntimeConfig(
  { runtime }: Pick<Cri, 'runtime'>,
  signal: AbortSignal,
): Promise<RuntimeConfig> {
  const { info } = await runtime.status({ verbose: true }, { signal });
  return parseRuntimeConfig(info['config'] ?? '{}');
}

export function parseRuntimeConfig(json: string): RuntimeConfig {
  const { sandboxImage, cni, containerd } = JSON.parse(json) as ContainerdConfig;
  return {
    sandboxImage,
    networkDirectory: cni?.confDir === '' ? undefined : cni?.confDir,
    usesSystemd(handler) {
      const name = handler === '' ? (containerd?.defaultRuntimeName ?? '') : handler;
      return containerd?.runtimes?.[name]?.options?.SystemdCgroup === true;
    },
  };
}
