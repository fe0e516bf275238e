// The definition of RolloutPolicy on the cluster under test: brought if it is not there, and then taken away again.
import type { TestContext } from 'node:test';
import { rolloutPolicyDefinition } from '../../../src/api/index.ts';
import type { Kubectl } from '../../e2e/support/kubectl.ts';

export async function learnRolloutPolicies(context: TestContext, kubectl: Kubectl): Promise<void> {
  const { name } = rolloutPolicyDefinition.metadata;
  const known = await kubectl.attempt(['get', 'customresourcedefinition', name]);
  await kubectl.run(['apply', '-f', '-'], JSON.stringify(rolloutPolicyDefinition));
  if (known.code !== 0) context.after(() => kubectl.run(['delete', 'customresourcedefinition', name]));
  await kubectl.run(['wait', '--for=condition=Established', `customresourcedefinition/${name}`]);
}
