// Made-up policies for the tests of this folder and its readers.
import type { RolloutPolicy, RolloutPolicySpec, RolloutPolicyStatus, Stored } from '../../../api/index.ts';

/** Of the DaemonSet of builders.test-support.ts. */
export function rolloutPolicy(
  spec: Partial<RolloutPolicySpec> = {},
  metadata: Partial<RolloutPolicy['metadata']> = {},
  status?: RolloutPolicyStatus,
): Stored<RolloutPolicy> {
  return {
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: {
      name: 'policy',
      namespace: 'default',
      uid: 'uid-policy',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      ...metadata,
    },
    spec: { targetRef: { name: 'daemon' }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}
