// Taints and tolerations. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
import type { Taint, Toleration } from './core.ts';

/** Well-known taint keys. */
export const taintKeys = {
  notReady: 'node.kubernetes.io/not-ready',
  unreachable: 'node.kubernetes.io/unreachable',
  diskPressure: 'node.kubernetes.io/disk-pressure',
  memoryPressure: 'node.kubernetes.io/memory-pressure',
  pidPressure: 'node.kubernetes.io/pid-pressure',
  unschedulable: 'node.kubernetes.io/unschedulable',
  networkUnavailable: 'node.kubernetes.io/network-unavailable',
} as const;

/** Whether one toleration covers one taint (component-helpers ToleratesTaint); tolerationSeconds plays no part. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  const key = toleration.key ?? '';
  if (key !== '' && key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case 'Exists':
      return true;
    case '':
    case 'Equal':
      // An empty key is only valid with Exists; with Equal it covers nothing.
      return key !== '' && (toleration.value ?? '') === (taint.value ?? '');
    // By feature gate: a server without it does not let such a toleration in.
    case 'Lt':
      return compare(taint.value, toleration.value, (found, limit) => found < limit);
    case 'Gt':
      return compare(taint.value, toleration.value, (found, limit) => found > limit);
    default:
      return false;
  }
}

const decimal = /^(0|-?[1-9]\d*)$/;

/** Whether both are whole numbers of 64 bits, as a human writes them, and hold. */
function compare(found = '', limit = '', holds: (found: bigint, limit: bigint) => boolean): boolean {
  if (!decimal.test(found) || !decimal.test(limit)) return false;
  const [a, b] = [BigInt(found), BigInt(limit)];
  return BigInt.asIntN(64, a) === a && BigInt.asIntN(64, b) === b && holds(a, b);
}

/** The first taint of the given effects that no toleration covers. */
export function findUntolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(
    (taint) =>
      effects.includes(taint.effect) && !(tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );
}

/** `key=value:Effect` or `key:Effect`, as kubectl writes taints. */
export function formatTaint(taint: Taint): string {
  const value = (taint.value ?? '') === '' ? '' : `=${taint.value}`;
  return `${taint.key}${value}:${taint.effect}`;
}
