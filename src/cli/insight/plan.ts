// What `everynode plan` does: has the API server judge a manifest without keeping it, and tells what it would come to.
import { type DaemonSet, resources, type Stored } from '../../api/index.ts';
import { foresee } from '../../core/daemonset/index.ts';
import { applyObject } from '../apply.ts';
import type { PlanOptions } from '../commands/plan.ts';
import { asRefusal, Refusal } from '../failure.ts';
import { type Manifest, readManifests } from '../manifests.ts';
import { type Looking, lookAt } from './look.ts';
import { renderPlan, type PlannedDaemonSet } from './plan-render.ts';
import { findDaemonSet, readSnapshot } from './read-snapshot.ts';

export async function runPlan(options: PlanOptions, version: string): Promise<void> {
  const { filename, output } = options;
  const manifests = readManifests(filename).filter(
    ({ apiVersion, kind }) => kind === 'DaemonSet' && apiVersion === 'apps/v1',
  );
  if (manifests.length === 0) throw new Refusal(`${filename}: no DaemonSet (apps/v1) in it`);
  await lookAt(options, `everynode/${version} plan`, async (looking) => {
    const plans: PlannedDaemonSet[] = [];
    for (const manifest of manifests) plans.push(await planOne(looking, manifest));
    process.stdout.write(
      output === 'json' ? `${JSON.stringify(plans, undefined, 2)}\n` : plans.map(renderPlan).join('\n'),
    );
  });
}

async function planOne(looking: Looking, manifest: Manifest): Promise<PlannedDaemonSet> {
  const { client, signal, now } = looking;
  const namespace = manifest.metadata.namespace ?? looking.namespace;
  const { name = '' } = manifest.metadata;
  const current = await findDaemonSet(client, namespace, name, signal);
  const edited = await judge(looking, { ...manifest, metadata: { ...manifest.metadata, namespace } });
  const { snapshot } = await readSnapshot(client, current ?? edited, signal);
  return { namespace, name, isNew: current === undefined, ...foresee(snapshot, edited, now) };
}

async function judge({ client }: Looking, manifest: Manifest): Promise<Stored<DaemonSet>> {
  try {
    return (await applyObject(client, resources.daemonSets, manifest, true)).object;
  } catch (error) {
    throw asRefusal(error);
  }
}
