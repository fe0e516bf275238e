// What stands in a pod's /etc/resolv.conf (kubelet's network/dns). There is no cluster DNS here, so ClusterFirst means
// what it means to a kubelet without --cluster-dns: the node's own.
import type { PodSpec } from '../../api/index.ts';

export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** The C library reads no more. */
const serversMax = 3;

/** The node's resolv.conf as fields. */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) servers.push(words[0]);
    // Of several lines the last one counts.
    if (keyword === 'search' || keyword === 'domain') searches = words;
    if (keyword === 'options') options.push(...words);
  }
  return { servers, searches, options };
}

export function podResolver({ dnsPolicy, dnsConfig }: PodSpec, node: ResolverConfig): ResolverConfig {
  const base = dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : node;
  const own = (dnsConfig?.options ?? []).map(({ name, value }) => (value === undefined ? name : `${name}:${value}`));
  const replaced = new Set(own.map(optionName));
  return {
    servers: unique([...base.servers, ...(dnsConfig?.nameservers ?? [])]).slice(0, serversMax),
    searches: unique([...base.searches, ...(dnsConfig?.searches ?? [])]),
    options: [...base.options.filter((option) => !replaced.has(optionName(option))), ...own],
  };
}

function optionName(option: string): string {
  return option.split(':')[0]!;
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
