// How long a pod may stay on a node with NoExecute taints (kubelet-independent: the taint-eviction controller).
import { type Taint, type Toleration, tolerates } from '../../api/index.ts';

/**
 * Milliseconds the pod may stay from the moment the taints were seen: 0 when a taint is not tolerated, the shortest
 * tolerationSeconds among the tolerations that are used, undefined when it may stay for ever.
 */
export function evictionDelayMs(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
): number | undefined {
  const evicting = taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
  let shortest: number | undefined;
  for (const taint of evicting) {
    const used = tolerations?.find((toleration) => tolerates(toleration, taint));
    if (used === undefined) return 0;
    if (used.tolerationSeconds === undefined) continue;
    // Zero and negative mean at once (core/v1 Toleration).
    const delay = Math.max(0, used.tolerationSeconds) * 1000;
    shortest = Math.min(shortest ?? delay, delay);
  }
  return shortest;
}
