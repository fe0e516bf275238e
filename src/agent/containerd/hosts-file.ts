// A pod's /etc/hosts (kubelet's managed hosts file): its own name at its own address, and what hostAliases add; in the
// host's network, the host's file with the aliases.
import type { HostAlias, Pod } from '../../api/index.ts';
import { podHostname, qualifiedHostname } from './sandbox-config.ts';

const fixed = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

export function hostsFileOf(pod: Pod, podIP: string, ofHost: string): string {
  const aliases = aliasLines(pod.spec.hostAliases);
  const head = '# Kubernetes-managed hosts file';
  if (pod.spec.hostNetwork === true) return `${head} (host network).\n${ofHost.trimEnd()}\n${aliases}`;
  const names = [qualifiedHostname(pod), podHostname(pod)].filter((name) => name !== undefined);
  return `${head}.\n${fixed.join('\n')}\n${[podIP, ...names].join('\t')}\n${aliases}`;
}

function aliasLines(aliases: readonly HostAlias[] = []): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'));
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}
