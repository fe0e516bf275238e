// Liveness: once the faults stop, the cluster converges within a bounded time, and then nothing writes any more.
// Converged: one current, available pod on every node that should have one, none where none may stay, a status that is an
// exact count, revisions within their limit.
import { controllerOf, type DaemonSet, isTrue, type Pod, resources, type Stored } from '../api/index.ts';
import { templateOf } from '../core/daemonset/index.ts';
import type { DaemonSetSetup, PoliciesEnd } from './history.ts';
import { edit, withTemplate } from './happen.ts';
import { incomplete, isGoverned, leftAlone, removePolicies, tendPolicies } from './policies-end.ts';
import { eligibility } from './eligibility.ts';
import { isAvailableAt, isLive, nodeOf, ownerOf, templateKey } from './truth.ts';
import type { World } from './world.ts';

/** A node's back-off goes up to 15 minutes; two of them, and the rollout after. */
export const convergenceMsMax = 45 * 60_000;
const stepMs = 5000;
const settleMs = 2 * 60_000;
const silenceMs = 60 * 60_000;

export interface Verdict {
  readonly invariant: 'converges' | 'silence';
  readonly what: string;
}

/**
 * Ends all troubles and what a user would have to mend, and watches the world come to rest. Where nodes were started by a
 * clock that was set, a pod's minReadySeconds end by as much later: `skewMs`. With policies: policies-end.ts.
 */
export async function checkLiveness(
  world: World,
  setups: readonly DaemonSetSetup[],
  skewMs: number,
  policiesEnd: PoliciesEnd | undefined,
): Promise<Verdict | undefined> {
  const msMax = convergenceMsMax + skewMs;
  world.say('faults stop');
  await world.heal();
  if (policiesEnd === 'left') {
    for (const { name } of setups) await mend(world, name, isGoverned(world, name));
    const verdict = await rest(world, () => leftAlone(world, complaintOf), msMax);
    if (verdict !== undefined || world.broken) return verdict;
  }
  for (const { name } of setups) await mend(world, name);
  if (policiesEnd === 'removed') await removePolicies(world);
  return rest(
    world,
    () => complaint(world) ?? incomplete(world),
    msMax,
    (waitedMs) => tendPolicies(world, waitedMs),
  );
}

/** Waits until nothing is missing, and then for an hour without a write; meanwhile users tend to what waits for them. */
async function rest(
  world: World,
  complaint: () => string | undefined,
  msMax: number,
  tend: (waitedMs: number) => Promise<void> = () => Promise.resolve(),
): Promise<Verdict | undefined> {
  const startedAt = world.clock.now();
  let missing = complaint();
  while (missing !== undefined) {
    if (world.clock.now() - startedAt > msMax)
      return { invariant: 'converges', what: `not at rest after ${msMax / 60_000} min: ${missing}` };
    await tend(world.clock.now() - startedAt);
    await world.clock.advance(stepMs);
    if (world.broken) return undefined;
    missing = complaint();
  }
  await world.clock.advance(settleMs);
  const before = world.writes;
  await world.clock.advance(silenceMs);
  const written = world.writes - before;
  const late = complaint();
  if (late !== undefined) return { invariant: 'converges', what: `converged and fell back: ${late}` };
  return written === 0 ? undefined : { invariant: 'silence', what: `${written} writes in an hour of rest` };
}

/** What only a user can end: OnDelete, and a broken image, unless there is a policy to find it out. */
function mend(world: World, name: string, leavesBroken = false): Promise<void> {
  return edit(world, name, (object) => {
    const image = object.spec.template.spec.containers[0]?.image ?? '';
    const spec =
      image.includes('broken') && !leavesBroken ? withTemplate(object, `${name}:mended`, undefined) : object.spec;
    if (spec.updateStrategy?.type !== 'OnDelete') return spec;
    return { ...spec, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } };
  });
}

/** What is missing for convergence; undefined when nothing is. */
function complaint(world: World): string | undefined {
  const { server } = world;
  const daemonSets = server.all(resources.daemonSets);
  for (const pod of server.all(resources.pods)) {
    const owner = ownerOf(pod);
    if (owner !== undefined && !daemonSets.some(({ metadata }) => metadata.uid === owner))
      return `pod ${pod.metadata.name} has outlived its DaemonSet`;
  }
  for (const daemonSet of daemonSets) {
    const found = daemonSet.metadata.deletionTimestamp === undefined ? complaintOf(world, daemonSet) : 'still going';
    if (found !== undefined) return `${daemonSet.metadata.name}: ${found}`;
  }
  return undefined;
}

function complaintOf(world: World, daemonSet: Stored<DaemonSet>): string | undefined {
  const { server, clock } = world;
  const { uid, generation } = daemonSet.metadata;
  const { spec, status } = daemonSet;
  const pods = server.all(resources.pods);
  const orphan = pods.find(
    (pod) => ownerOf(pod) === undefined && isLive(pod) && pod.metadata.labels?.['app'] === daemonSet.metadata.name,
  );
  if (orphan !== undefined) return `${orphan.metadata.name} is not adopted`;
  const wanted = templateKey(spec.template.spec);
  let desired = 0;
  let misscheduled = 0;
  for (const node of server.all(resources.nodes)) {
    const name = node.metadata.name;
    const mine: readonly Stored<Pod>[] = pods.filter((pod) => ownerOf(pod) === uid && nodeOf(pod) === name);
    const verdict = eligibility(daemonSet, node);
    if (verdict.run) desired++;
    else if (mine.length > 0) misscheduled++;
    const most = verdict.stay ? 1 : 0;
    if (mine.length > most) return `${mine.length} pods on ${name}, ${most} belong there`;
    if (mine.length < (verdict.run ? 1 : 0)) return `no pod on ${name}`;
    for (const pod of mine) {
      if (pod.metadata.deletionTimestamp !== undefined) return `${pod.metadata.name} on ${name} is still going`;
      if (templateKey(pod.spec) !== wanted) return `${pod.metadata.name} on ${name} is of an old template`;
      if (verdict.run && !isAvailableAt(pod, spec.minReadySeconds ?? 0, clock.now()))
        return `${pod.metadata.name} on ${name} is not available`;
    }
  }
  const counts = {
    observedGeneration: generation,
    desiredNumberScheduled: desired,
    currentNumberScheduled: desired,
    updatedNumberScheduled: desired,
    numberReady: desired,
    numberAvailable: desired,
    numberUnavailable: 0,
    numberMisscheduled: misscheduled,
  };
  for (const [key, count] of Object.entries(counts)) {
    const said = (status as Readonly<Record<string, unknown>> | undefined)?.[key];
    if (said !== count) return `status.${key} is ${String(said)}, not ${count}`;
  }
  for (const type of ['Available', 'Progressing'])
    if (!isTrue(status?.conditions, type)) return `condition ${type} is not True`;
  const revisions = server
    .all(resources.controllerRevisions)
    .filter(({ metadata }) => controllerOf(metadata)?.uid === uid);
  if (revisions.length - 1 > (spec.revisionHistoryLimit ?? 10))
    return `${revisions.length} revisions, ${spec.revisionHistoryLimit} old ones may be`;
  // An undo goes by the numbers.
  const [newest] = revisions.toSorted((a, b) => b.revision - a.revision);
  const template = newest === undefined ? undefined : templateOf(newest);
  if (template === undefined || templateKey(template.spec) !== wanted)
    return `revision ${newest?.metadata.name} has the highest number, and is of another template`;
  return undefined;
}
