// Deliberate bugs about rollout policies, for the simulator to find in histories that all have them (simulate-mutations.ts).
import type { Mutation } from './simulate-mutations.ts';

export const policyMutations: readonly Mutation[] = [
  {
    name: 'held nodes get the newest revision for what is missing',
    file: 'core/daemonset/target.ts',
    search: "return stanceOn(target, node) === 'go' ? target.revision : target.gate?.proven?.hash;",
    replace: 'return target.revision;',
    seedsMax: 60,
  },
  {
    name: 'held nodes are replaced as others are',
    file: 'core/daemonset/target.ts',
    search: "(stance === 'go' || stance === 'back');",
    replace: "(stance === 'go' || stance === 'back' || stance === 'hold');",
    seedsMax: 60,
  },
  {
    name: 'a pause is overlooked',
    file: 'core/daemonset/policy/gate.ts',
    search: "if ('problem' in policy || policy.paused) return 'pause';",
    replace: "if ('problem' in policy) return 'pause';",
    seedsMax: 100,
  },
  {
    name: 'a rollout goes on before its stage is written',
    file: 'controllers/daemonset/rollouts.ts',
    search: 'const outcome = await write(context, tracked, policy, stage.status);',
    replace: `const outcome = 'written' as 'written' | 'failed';
    const resourceVersion = String(Number(policy.metadata.resourceVersion) + 0.5);
    const writing = write(context, tracked, policy, stage.status);
    context.policies.learn({ ...policy, metadata: { ...policy.metadata, resourceVersion }, status: stage.status });
    await Promise.race([writing, Promise.resolve()]);`,
    seedsMax: 100,
  },
  {
    name: 'the stage is written over whatever the policy says by now',
    file: 'controllers/daemonset/rollouts.ts',
    search: '{ ...policy, status }',
    replace: '{ ...policy, metadata: { ...policy.metadata, resourceVersion: undefined as never }, status }',
    seedsMax: 60,
  },
  {
    name: 'a wave opens while a node of the last one is pending',
    file: 'core/daemonset/policy/stage.ts',
    search: 'if (pending > policy.tolerated(nodes)) return wait(',
    replace: 'if (pending > policy.tolerated(nodes) + 1) return wait(',
    seedsMax: 60,
  },
  {
    name: 'a rollout begins with all waves open',
    file: 'core/daemonset/policy/stage.ts',
    search: 'everywhere ? policy.waves.length : 1',
    replace: 'policy.waves.length',
    seedsMax: 60,
  },
  {
    name: 'a node that falls back does not end the soak',
    file: 'core/daemonset/policy/stage.ts',
    search: 'const going = { ...withoutSoak(status),',
    replace: 'const going = { ...status,',
    seedsMax: 100,
  },
  {
    name: 'the deadline never comes',
    file: 'core/daemonset/policy/stage.ts',
    search: '!patient && now >= deadlineAt',
    replace: '!patient && now < 0',
    seedsMax: 200,
  },
  {
    name: 'a retry is not heard',
    file: 'core/daemonset/policy/stage.ts',
    search: 'policy.retried !== revision',
    replace: 'true',
    seedsFrom: 201,
    seedsMax: 100,
  },
  {
    name: 'held nodes go by where the newest template runs',
    file: 'core/daemonset/target.ts',
    search: "if (stance === 'go') return newest;",
    replace: "if (stance !== 'back') return newest;",
    seedsMax: 100,
  },
  {
    name: 'of two policies for one DaemonSet the younger counts',
    file: 'controllers/daemonset/policy-index.ts',
    search: 'a.creationTimestamp < b.creationTimestamp ? -1 : 1',
    replace: 'a.creationTimestamp < b.creationTimestamp ? 1 : -1',
    seedsMax: 100,
  },
  {
    name: 'an approval of another revision counts',
    file: 'core/daemonset/policy/stage.ts',
    search: 'policy.approved !== `${facts.revision}/${wave.name}`',
    replace: 'policy.approved === undefined',
    seedsMax: 200,
  },
  {
    name: 'an edited policy is decided by what was counted before the edit',
    file: 'core/daemonset/policy/stage.ts',
    search: '  if (known.observedGeneration !== policy.generation) return acknowledge(policy, status, facts, now);\n',
    replace: '',
    seedsFrom: 401,
    seedsMax: 100,
  },
  {
    name: 'the proven revision is pruned',
    file: 'controllers/daemonset/revisions.ts',
    search: 'hash === proven || tracked.ledger.isRevisionLive(hash)',
    replace: 'tracked.ledger.isRevisionLive(hash)',
    seedsMax: 400,
  },
];
