// How rollout policies come to rest when the faults have stopped: removed; resumed, approved and tried again by their
// users until every rollout is complete; or left alone, and then what is held stays as it is.
import {
  type DaemonSet,
  findCondition,
  type Pod,
  type PodTemplateSpec,
  resources,
  type RolloutPolicy,
  type Stored,
} from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Archive } from './archive.ts';
import { annotate, approve, edit, retryAnnotation } from './policies.ts';
import { governorOf, isUnreadable, statusOf, type View } from './policy-truth.ts';
import { eligibility } from './eligibility.ts';
import { budgetOf, isLive, isReady, livePods, nodeOf, ownerOf, templateKey } from './truth.ts';
import type { World } from './world.ts';

type Policy = Stored<RolloutPolicy>;

export async function removePolicies({ server, site }: World): Promise<void> {
  for (const { metadata } of server.all(resources.rolloutPolicies))
    await site.user.delete(resources.rolloutPolicies, metadata.namespace, metadata.name);
}

/** So long users wait for a rollout whose budget is used up by nodes that it does not reach. */
const patienceMs = 15 * 60_000;

/** What users do who want their rollouts to go on. */
export async function tendPolicies(world: World, waitedMs: number): Promise<void> {
  for (const { policy, daemonSet } of governed(world)) {
    const { spec, status } = policy;
    if (waitedMs > patienceMs && (spec.waves ?? []).length > 0 && isBlocked(world, policy, daemonSet))
      await edit(world, policy, { ...spec, waves: [] });
    else if (isUnreadable(spec) || spec.paused === true)
      await edit(world, policy, { ...spec, paused: false, waves: [] });
    else if (status?.phase === 'WaitingForApproval') await approve(world, policy);
    else if (status?.phase === 'Held' || status?.phase === 'RolledBack')
      await annotate(world, policy, retryAnnotation, status.revision);
  }
}

/**
 * A held node has no pod that serves, and gets none, and so it keeps a place in the budget: what it has is broken and may
 * stay, or the proven revision is gone.
 */
function isBlocked({ server, policies }: World, policy: Policy, daemonSet: Stored<DaemonSet>): boolean {
  const proven = policy.status?.provenRevision;
  const isGone = proven !== undefined && !existsRevision(server, proven);
  return server.all(resources.nodes).some((node) => {
    const { stance } = policies.view(daemonSet, node, policy);
    const pods = livePods(server, daemonSet.metadata.uid, node.metadata.name);
    if (stance === 'held' && isGone) return eligibility(daemonSet, node).run && !pods.some(isReady);
    const mayStay = ({ metadata }: Stored<Pod>) => {
      const hash = metadata.labels?.[revisionLabel];
      return stance === 'paused' || policies.same(hash, proven) || policies.isNewest(hash, daemonSet);
    };
    return (stance === 'held' || stance === 'paused') && pods.some((pod) => !isReady(pod) && mayStay(pod));
  });
}

function existsRevision(server: Archive, hash: string | undefined): boolean {
  return server.all(resources.controllerRevisions).some(({ metadata }) => metadata.labels?.[revisionLabel] === hash);
}

/** What is missing for every rollout to be complete; undefined when nothing is. */
export function incomplete(world: World): string | undefined {
  for (const { policy, daemonSet } of governed(world)) {
    const found = incompleteOf(world, policy, daemonSet);
    if (found !== undefined) return `policy ${policy.metadata.name}: ${found}`;
    const silent = world.server.all(resources.rolloutPolicies).find((other) => isSilentLoser(other, policy));
    if (silent !== undefined) return `policy ${silent.metadata.name} does not say that another one counts`;
  }
  return undefined;
}

/** Of two policies for one DaemonSet the one that does not count says so. */
function isSilentLoser({ metadata, spec, status }: Policy, winner: Policy): boolean {
  if (spec.targetRef.name !== winner.spec.targetRef.name || metadata.uid === winner.metadata.uid) return false;
  const accepted = findCondition(status?.conditions, 'Accepted');
  return accepted?.status !== 'False' || accepted.reason !== 'Conflict';
}

function incompleteOf({ server, policies }: World, policy: Policy, daemonSet: Stored<DaemonSet>): string | undefined {
  const status = statusOf(policy, daemonSet);
  if (status === undefined) return 'its status is not about the DaemonSet';
  const { phase, message, provenRevision, observedGeneration, waves = [] } = status;
  if (observedGeneration !== policy.metadata.generation) return `observedGeneration ${observedGeneration}`;
  const nodes = server.all(resources.nodes).filter((node) => eligibility(daemonSet, node).run).length;
  for (const key of ['nodes', 'updated', 'available'] as const) {
    const counted = waves.reduce((sum, wave) => sum + wave[key], 0);
    if (counted !== nodes) return `its waves have ${counted} ${key}, of ${nodes} nodes`;
  }
  // Where nothing runs nothing is proven.
  if (nodes === 0 && phase === 'Launching') return undefined;
  if (phase !== 'Complete') return `${phase}: ${message}`;
  return policies.isNewest(provenRevision, daemonSet) ? undefined : `proven is ${provenRevision}`;
}

const restful: ReadonlySet<string> = new Set([
  'Complete',
  'Paused',
  'Held',
  'RolledBack',
  'WaitingForApproval',
  'Invalid',
]);

/**
 * What is missing for a world at rest in which nobody tends to policies: each node has one live pod of what it may have,
 * or what it had, if it is held; a DaemonSet without a policy is what it always is.
 */
export function leftAlone(
  world: World,
  plain: (world: World, daemonSet: Stored<DaemonSet>) => string | undefined,
): string | undefined {
  const { server } = world;
  for (const daemonSet of server.all(resources.daemonSets)) {
    const policy = governorOf(server.all(resources.rolloutPolicies), daemonSet);
    const found = policy === undefined ? plain(world, daemonSet) : unrest(world, policy, daemonSet);
    if (found !== undefined) return `${daemonSet.metadata.name}: ${found}`;
  }
  return undefined;
}

function unrest(world: World, policy: Policy, daemonSet: Stored<DaemonSet>): string | undefined {
  if (daemonSet.metadata.deletionTimestamp !== undefined) return 'still going';
  const { server, policies } = world;
  const { phase = 'no phase', revision, message, observedGeneration } = policy.status ?? {};
  // The controller has seen the last that was said.
  if (observedGeneration !== policy.metadata.generation) return `policy ${policy.metadata.name} is ${phase}`;
  if (phase !== 'Invalid' && !policies.isNewest(revision, daemonSet))
    return `policy ${policy.metadata.name} is about ${revision}`;
  const eligible = server.all(resources.nodes).filter((node) => eligibility(daemonSet, node).run);
  const broken = daemonSet.spec.template.spec.containers[0]?.image?.includes('broken') === true;
  // A launch has no deadline, and a user may have said that another rollout has none.
  const isPatient =
    phase === 'RollingOut' &&
    policy.metadata.annotations?.[retryAnnotation] === revision &&
    (broken || isBlocked(world, policy, daemonSet));
  const isLaunching = phase === 'Launching' && (broken || eligible.length === 0);
  if (!restful.has(phase) && !isPatient && !isLaunching)
    return `policy ${policy.metadata.name} is ${phase}: ${message}`;
  for (const node of server.all(resources.nodes)) {
    const found = unrestOn(world, policies.view(daemonSet, node, policy), node.metadata.name);
    if (found !== undefined) return `${found} (${phase}, proven ${policy.status?.provenRevision})`;
  }
  return undefined;
}

function unrestOn({ server }: World, { stance, template, stays, daemonSet, node, policy }: View, name: string) {
  const pods = server
    .all(resources.pods)
    .filter((pod) => ownerOf(pod) === daemonSet.metadata.uid && nodeOf(pod) === name);
  const { provenRevision, phase } = policy?.status ?? {};
  if (pods.some((pod) => !isLive(pod))) return `a pod on ${name} is still going`;
  // Broken pods may use up the budget, and a surge end nowhere.
  const isOnItsWay = stance === 'free' && phase !== 'Complete' && phase !== 'WaitingForApproval';
  const most = (isOnItsWay || stance === 'paused') && budgetOf(daemonSet, 1).maxSurge > 0 ? 2 : 1;
  if (pods.length > most) return `${pods.length} pods on ${name}`;
  // What the node would get is lost: it keeps what it has.
  if (
    template === undefined ||
    node === undefined ||
    ((stance === 'held' || stance === 'paused') &&
      provenRevision !== undefined &&
      !existsRevision(server, provenRevision))
  )
    return undefined;
  const placeBy = (made: PodTemplateSpec) =>
    eligibility({ ...daemonSet, spec: { ...daemonSet.spec, template: made } }, node);
  const verdict = placeBy(template);
  if (pods.length < (verdict.run ? 1 : 0)) return `no pod on ${name}, which is ${stance}`;
  if (pods.length > 0 && !stays.some((made) => placeBy(made).stay)) return `a pod on ${name}, where none may stay`;
  const [pod] = pods;
  const isIt = pod !== undefined && templateKey(pod.spec) === templateKey(template.spec);
  if (pod !== undefined && !isOnItsWay && (stance === 'free' || stance === 'back') && !isIt)
    return `the pod on ${name} is of another revision, ${stance}`;
  return undefined;
}

/** A policy has the DaemonSet of this name go back, or no further, when its revision is bad. */
export function isGoverned(world: World, name: string): boolean {
  return governed(world).some(({ daemonSet }) => daemonSet.metadata.name === name);
}

/** Policies that count, each with its DaemonSet. */
function governed({ server }: World) {
  const policies = server.all(resources.rolloutPolicies);
  return server.all(resources.daemonSets).flatMap((daemonSet) => {
    const policy = governorOf(policies, daemonSet);
    return policy === undefined ? [] : [{ policy, daemonSet }];
  });
}
