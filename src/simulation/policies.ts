// What users do with rollout policies: make and edit them, pause, resume, approve, try again, delete. What makes no sense
// (the policy is gone, nothing waits) does nothing.
import { resources, type RolloutPolicy, type RolloutPolicySpec, type Stored } from '../api/index.ts';
import { namespace } from './namespace.ts';
import type { Happening } from './history.ts';
import type { World } from './world.ts';

export type PolicyStep = Extract<Happening, { readonly policy: string }>;

/** The annotations with which users speak to the controller; part of the API, so restated here. */
export const approveAnnotation = 'everynode.dev/approve';
export const retryAnnotation = 'everynode.dev/retry';

export async function onPolicy(world: World, step: PolicyStep): Promise<void> {
  const { server, site } = world;
  const policy = server.find(resources.rolloutPolicies, namespace, step.policy);
  if (step.kind === 'policy') {
    await site.definePolicies();
    const metadata = policy?.metadata ?? { name: step.policy, namespace };
    const object: RolloutPolicy = {
      apiVersion: 'everynode.dev/v1alpha1',
      kind: 'RolloutPolicy',
      metadata,
      spec: step.spec,
    };
    if (policy === undefined) await site.user.create(resources.rolloutPolicies, object);
    else await site.user.update(resources.rolloutPolicies, { ...policy, ...object });
    return;
  }
  if (policy === undefined) return;
  switch (step.kind) {
    case 'pause':
      return edit(world, policy, { ...policy.spec, paused: true });
    case 'resume':
      return edit(world, policy, { ...policy.spec, paused: false });
    case 'approve':
      return approve(world, policy);
    case 'retry':
      return annotate(world, policy, retryAnnotation, policy.status?.revision);
    case 'unpolicy':
      await site.user.delete(resources.rolloutPolicies, namespace, step.policy);
  }
}

/** For the revision and the wave that are current, as `kubectl everynode approve` would. */
export function approve(world: World, policy: Stored<RolloutPolicy>): Promise<void> {
  const { revision, openWaves = 0, waves = [] } = policy.status ?? {};
  const wave = waves[openWaves - 1]?.name;
  return annotate(world, policy, approveAnnotation, wave === undefined ? undefined : `${revision}/${wave}`);
}

export async function annotate(
  world: World,
  policy: Stored<RolloutPolicy>,
  key: string,
  value: string | undefined,
): Promise<void> {
  const { annotations } = policy.metadata;
  if (value === undefined || annotations?.[key] === value) return;
  const metadata = { ...policy.metadata, annotations: { ...annotations, [key]: value } };
  await world.site.user.update(resources.rolloutPolicies, { ...policy, metadata });
}

export async function edit(world: World, policy: Stored<RolloutPolicy>, spec: RolloutPolicySpec): Promise<void> {
  await world.site.user.update(resources.rolloutPolicies, { ...policy, spec });
}
