// status.qosClass: what happens to the pod when its node runs short (pkg/apis/core/helper/qos ComputePodQOS).
// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
import { type Container, parseQuantity, type PodSpec, sameQuantity } from '../api/index.ts';

const counted = ['cpu', 'memory'] as const;

export function qosClassOf(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  // Asked before it is known whether the pod is valid: without containers it is not.
  const containers = [
    ...((spec.containers as typeof spec.containers | undefined) ?? []),
    ...(spec.initContainers ?? []),
  ];
  if (!containers.some(asksForAnything)) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function asksForAnything({ resources }: Container): boolean {
  return counted.some((name) => isPositive(resources?.requests?.[name]) || isPositive(resources?.limits?.[name]));
}

/** Limits for both, and requests that equal them (absent ones are the limits). */
function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    return isPositive(limit) && sameQuantity(limit!, request!);
  });
}

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && (parseQuantity(quantity) ?? 0) > 0;
}
