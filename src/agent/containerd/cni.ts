// A network for pods that are not in the host's: when the runtime has no CNI configuration at all, one is written where
// it looks for one: a cable to the host for each pod, and a route. A configuration that is there is left alone, whosever
// it is. https://www.cni.dev/docs/spec/#configuration-format
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../observe/index.ts';
import type { Cri } from '../cri/index.ts';
import { readRuntimeConfig } from './runtime-config.ts';

const fileName = '10-everynode.conflist';

/** Needs the runtime. Does nothing when it has a network, or does not say where its configuration lies. */
export async function ensureNetwork(cri: Cri, podCidr: string, log: Logger, signal: AbortSignal): Promise<void> {
  const { networkDirectory: directory } = await readRuntimeConfig(cri, signal);
  if (directory === undefined) {
    log.warn('the runtime does not say where its CNI configuration lies: no network is set up');
    return;
  }
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const present = (await readdir(directory)).filter((name) => /\.(conf|conflist|json)$/.test(name));
  if (present.length > 0) return;
  // The runtime watches the directory: it must never see half a file.
  const draft = join(directory, `.${fileName}`);
  await writeFile(draft, `${JSON.stringify(podNetwork(podCidr), undefined, 2)}\n`, { mode: 0o644 });
  await rename(draft, join(directory, fileName));
  log.info('wrote a CNI configuration', { directory, podCidr });
}

export function podNetwork(podCidr: string) {
  return {
    cniVersion: '0.4.0',
    name: 'everynode',
    plugins: [
      // Not a bridge: the host would look for a pod that has the address of an ended one at that one's MAC address, for
      // ten seconds. A cable's neighbours go with it. https://www.cni.dev/plugins/current/main/ptp/
      {
        type: 'ptp',
        ipMasq: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}
