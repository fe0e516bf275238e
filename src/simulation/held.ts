// Safety of rollout policies: a held node never gets the unproven revision, and keeps what it has. Exactly: whatever the
// sender may have seen of the policy, the DaemonSet and the node, a pod is made only of the revision that the node may
// have there, a live pod goes because of its revision only where the node may have another, and the proven revision
// stays. The policy's status counts as it was acknowledged: what no status said, nobody may do.
import { type ControllerRevision, type Pod, type PodTemplateSpec, resources, type Stored } from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Archive } from './archive.ts';
import { governorOf, type PolicyTruth, statusOf, type View } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { eligibility } from './eligibility.ts';
import {
  believable,
  isLabelledAway,
  isLive,
  livePods,
  nodeOf,
  ownerOf,
  readyThroughout,
  templateKey,
} from './truth.ts';

export class HeldWatch {
  readonly #server: Archive;
  readonly #policies: PolicyTruth;
  readonly #violate: (what: string) => void;

  constructor(options: {
    readonly server: Archive;
    readonly policies: PolicyTruth;
    readonly violate: (what: string) => void;
  }) {
    this.#server = options.server;
    this.#policies = options.policies;
    this.#violate = options.violate;
  }

  /** A controller made this pod. */
  created(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const node = nodeOf(pod);
    if (this.#policies.none || owner === undefined || node === undefined) return;
    const revision = pod.metadata.labels?.[revisionLabel] ?? '';
    const views = this.#policies.views(owner, node, request);
    const made = this.#policies.templateOf(revision);
    if (made === undefined || views.length === 0) return;
    const key = templateKey(made.spec);
    const mayBe = ({ policy, template }: View) =>
      policy === undefined || (template !== undefined && templateKey(template.spec) === key);
    if (!views.some(mayBe))
      this.#violate(`${request.actor} makes ${pod.metadata.name} of ${revision} on ${node}, which is ${say(views)}`);
  }

  /** A controller is about to delete this pod, which is live. */
  deleting(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const node = nodeOf(pod);
    if (this.#policies.none || owner === undefined || node === undefined || isLabelledAway(pod)) return;
    const views = this.#policies.views(owner, node, request);
    if (views.length === 0 || !this.#goesByItsRevision(pod, owner, node, views, request)) return;
    const revision = pod.metadata.labels?.[revisionLabel];
    const mayGo = ({ policy, stance, daemonSet }: View) =>
      policy === undefined ||
      (stance === 'free' && !this.#policies.isNewest(revision, daemonSet)) ||
      (stance === 'back' && !this.#policies.same(revision, policy.status?.provenRevision)) ||
      (stance === 'held' &&
        !readyThroughout(this.#server, pod, request) &&
        !this.#policies.isNewest(revision, daemonSet) &&
        !this.#policies.same(revision, policy.status?.provenRevision));
    if (!views.some(mayGo))
      this.#violate(`${request.actor} deletes ${pod.metadata.name} of ${revision} on ${node}, which is ${say(views)}`);
  }

  /** A controller is about to delete this revision. */
  deletingRevision({ metadata }: Stored<ControllerRevision>, owner: string, request: Request): void {
    if (this.#policies.none) return;
    const hash = metadata.labels?.[revisionLabel];
    const daemonSets = believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    const moments = this.#policies.moments(request.seen['rolloutpolicies'] ?? 0);
    const another = this.#server
      .all(resources.controllerRevisions)
      .some(
        (other) =>
          other.metadata.uid !== metadata.uid && this.#policies.same(other.metadata.labels?.[revisionLabel], hash),
      );
    const isProven = daemonSets.every((daemonSet) =>
      moments.every((policies) => {
        const policy = governorOf(policies, daemonSet);
        return policy !== undefined && statusOf(policy, daemonSet)?.provenRevision === hash;
      }),
    );
    if (daemonSets.length > 0 && isProven && !another)
      this.#violate(`${request.actor} deletes revision ${hash}, which is the proven one`);
  }

  /** It is the only one of its DaemonSet there, it runs, and the node may keep it as far as placement goes. */
  #goesByItsRevision(pod: Stored<Pod>, owner: string, node: string, views: readonly View[], request: Request): boolean {
    const { uid, name, namespace } = pod.metadata;
    const version = request.seen['pods'] ?? 0;
    const runs = this.#server
      .statesSince(resources.pods, namespace, name, version)
      .every((state) => state?.metadata.uid === uid && isLive(state) && ownerOf(state) === owner);
    const others = [
      ...livePods(this.#server, owner, node),
      ...this.#server
        .allAt(resources.pods, version)
        .filter((other) => ownerOf(other) === owner && nodeOf(other) === node),
    ];
    if (!runs || others.some((other) => other.metadata.uid !== uid)) return false;
    return views.every(({ daemonSet, node, stays }) => {
      const mayStay = (template: PodTemplateSpec) =>
        node !== undefined && eligibility({ ...daemonSet, spec: { ...daemonSet.spec, template } }, node).stay;
      return daemonSet.metadata.deletionTimestamp === undefined && stays.some(mayStay);
    });
  }
}

function say(views: readonly View[]): string {
  const words = views.map(({ policy, stance }) => {
    const { revision, provenRevision, phase, openWaves } = policy?.status ?? {};
    return `${stance} (policy ${policy?.metadata.name}: ${revision} ${phase}, ${openWaves} open, proven ${provenRevision})`;
  });
  return [...new Set(words)].join(' or ');
}
