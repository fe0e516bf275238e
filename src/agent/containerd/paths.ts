// Where the agent keeps what belongs to pods: below its own directory as a kubelet does, and the logs where log
// collectors look for them. Names only; nothing is made here.
import { join } from 'node:path';
import type { Pod, Stored } from '../../api/index.ts';

export interface Paths {
  /** Volumes and files of pods: /var/lib/kubelet of a kubelet. */
  readonly root: string;
  /** /var/log/pods */
  readonly podLogs: string;
  /** /var/log/containers: links to the newest log of each container. */
  readonly containerLogs: string;
}

export function podsDirectory(paths: Paths): string {
  return join(paths.root, 'pods');
}

/** seccomp profiles that pods may name (`Localhost`). */
export function seccompProfiles(paths: Paths): string {
  return join(paths.root, 'seccomp');
}

export function podDirectory(paths: Paths, uid: string): string {
  return join(podsDirectory(paths), uid);
}

export function volumeDirectory(paths: Paths, uid: string, plugin: string, volume: string): string {
  return join(podDirectory(paths, uid), 'volumes', `kubernetes.io~${plugin}`, volume);
}

export function podLogDirectory(paths: Paths, { metadata }: Stored<Pod>): string {
  return podLogDirectoryOf(paths, metadata.namespace ?? '', metadata.name, metadata.uid);
}

export function podLogDirectoryOf(paths: Paths, namespace: string, name: string, uid: string): string {
  return join(paths.podLogs, `${namespace}_${name}_${uid}`);
}

/** Relative to the pod's log directory: one file an attempt. */
export function containerLogName(container: string, attempt: number): string {
  return join(container, `${attempt}.log`);
}

export function containerLogLink(paths: Paths, { metadata }: Stored<Pod>, container: string, id: string): string {
  return join(paths.containerLogs, `${metadata.name}_${metadata.namespace}_${container}-${bareId(id)}.log`);
}

/** `containerd://abc` → `abc`: what the runtime itself calls it. */
export function bareId(id: string): string {
  return id.slice(id.indexOf('://') + 3);
}
