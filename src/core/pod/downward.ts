// What a pod may ask about itself: fields and resources, as values of variables and files (downward API).
// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
import { type Container, parseQuantity, type Pod, type ResourceSelector } from '../../api/index.ts';

/** What only the node knows. */
export interface NodeFacts {
  readonly hostIP: string;
  readonly podIP: string | undefined;
  /** Stands in for a limit that is not set. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Undefined when there is no such field. */
export function fieldValue(pod: Pod, path: string, { hostIP, podIP }: NodeFacts): string | undefined {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (subscript !== null) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP;
    case 'status.podIP':
    case 'status.podIPs':
      return podIP ?? '';
    default:
      return undefined;
  }
}

/** As files show them: one `key="value"` a line, ordered (fieldpath.FormatMap). */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/** A request or limit in units of the divisor, rounded up (resource.ExtractContainerResourceValue). */
export function resourceValue(
  container: Container,
  { resource, divisor }: ResourceSelector,
  { allocatable }: NodeFacts,
): string | undefined {
  const match = /^(requests|limits)\.(.+)$/.exec(resource);
  if (match === null) return undefined;
  const [, kind, name = ''] = match;
  const amounts = container.resources?.[kind as 'requests' | 'limits'];
  const text = amounts?.[name] ?? (kind === 'limits' ? allocatable[name] : '0') ?? '0';
  const value = parseQuantity(text);
  const unit = parseQuantity(divisor === undefined || divisor === '' || divisor === '0' ? '1' : divisor);
  if (value === undefined || unit === undefined || unit === 0) return undefined;
  // Thousandths first: 0.1 / 0.001 is not 100 in binary fractions.
  return String(Math.ceil(Number((value / unit).toPrecision(15))));
}
