// Safety of revisions: a pod is what its revision says, and tolerates what a daemon tolerates; a revision is pruned only
// when there are more than the DaemonSet wants, and never a newer one before an older one that nobody needs. Whatever the
// sender may have seen of revisions, pods, DaemonSet and policies, the most generous view counts. That no revision goes
// which a live pod carries is checked in invariants.ts.
import { type ControllerRevision, type Pod, resources, type Stored, type Toleration } from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Archive, StoredObject } from './archive.ts';
import { addedTolerations } from './eligibility.ts';
import type { PolicyTruth } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { believable, templateKey } from './truth.ts';

/** What a pod on its way was made of is needed for about so long, though nobody may ever see the pod. */
const onItsWayMsMax = 10 * 60_000;
/** `revisionHistoryLimit` where there is none. */
const limitDefault = 10;

type StoredRevision = Stored<ControllerRevision>;

export class RevisionWatch {
  readonly #server: Archive;
  readonly #policies: PolicyTruth;
  readonly #violate: (invariant: 'revisions' | 'placement', what: string) => void;
  /** When a pod of a revision was last asked for. */
  readonly #sentAt = new Map<string, number>();

  constructor(options: {
    readonly server: Archive;
    readonly policies: PolicyTruth;
    readonly violate: (invariant: 'revisions' | 'placement', what: string) => void;
  }) {
    this.#server = options.server;
    this.#policies = options.policies;
    this.#violate = options.violate;
  }

  /** A controller asks for this pod. */
  sent(pod: Pod, at: number): void {
    const revision = pod.metadata.labels?.[revisionLabel];
    if (revision !== undefined) this.#sentAt.set(revision, at);
  }

  /** A controller made this pod. */
  created({ metadata: { name, labels }, spec }: Stored<Pod>): void {
    const revision = labels?.[revisionLabel] ?? '';
    const template = this.#policies.templateOf(revision);
    if (template !== undefined && templateKey(template.spec) !== templateKey(spec))
      this.#violate('revisions', `${name} is of revision ${revision} by its label, and of another template`);
    const { tolerations = [] } = spec;
    const lacking = addedTolerations(spec).find((wanted) => !tolerations.some((one) => isSame(one, wanted)));
    if (lacking !== undefined) this.#violate('placement', `${name} does not tolerate ${lacking.key}`);
  }

  /** A controller is about to delete this revision. */
  deleting(revision: StoredRevision, owner: string, request: Request): void {
    const { actor, seen, sentAt } = request;
    const hash = hashOf(revision);
    const states = statesSince<ControllerRevision>(this.#server, resources.controllerRevisions, seen).filter(
      ({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner,
    );
    const others = states.filter(({ metadata }) => metadata.uid !== revision.metadata.uid);
    // What means the same as another is folded into it.
    if (others.some((other) => this.#policies.same(hashOf(other), hash))) return;
    const daemonSets = believable(this.#server, owner, seen['daemonsets'] ?? 0);
    if (daemonSets.length === 0) return;
    const old = new Set(others.map(({ metadata }) => metadata.uid)).size;
    const limit = Math.min(...daemonSets.map(({ spec }) => spec.revisionHistoryLimit ?? limitDefault));
    if (old <= limit)
      this.#violate('revisions', `${actor} prunes ${hash}: ${old} others are there, and ${limit} may stay`);

    const needed = new Set(statesSince<Pod>(this.#server, resources.pods, seen).map(hashOf));
    const proven = new Set(
      this.#policies
        .moments(seen['rolloutpolicies'] ?? 0)
        .flat()
        .map(({ status }) => status?.provenRevision),
    );
    const numbersOf = (uid: string) =>
      states.filter(({ metadata }) => metadata.uid === uid).map(({ revision: number }) => number);
    const lowest = Math.min(...numbersOf(revision.metadata.uid));
    const passedOver = this.#server
      .allAt(resources.controllerRevisions, seen['controllerrevisions'] ?? 0)
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner)
      .filter(({ metadata }) => this.#server.find(resources.controllerRevisions, metadata.namespace, metadata.name))
      .filter(({ metadata }) => Math.max(...numbersOf(metadata.uid)) < lowest)
      .filter((other) => !needed.has(hashOf(other)) && !proven.has(hashOf(other)))
      .filter((other) => sentAt - (this.#sentAt.get(hashOf(other)) ?? Number.NEGATIVE_INFINITY) > onItsWayMsMax)
      .find((other) => !daemonSets.some((daemonSet) => this.#policies.isNewest(hashOf(other), daemonSet)));
    if (passedOver !== undefined)
      this.#violate('revisions', `${actor} prunes ${hash} before ${hashOf(passedOver)}, which is older`);
  }
}

/** All states of all objects that somebody may know who has seen so much. */
function statesSince<T extends StoredObject | object>(
  server: Archive,
  resource: Parameters<Archive['allAt']>[0],
  seen: Request['seen'],
): Stored<T & StoredObject>[] {
  const version = seen[resource.name] ?? 0;
  const later = server.changesAfter(resource, version).map(({ object }) => object);
  return [...server.allAt(resource, version), ...later] as Stored<T & StoredObject>[];
}

const hashOf = ({ metadata }: Stored<ControllerRevision> | Stored<Pod>): string =>
  metadata.labels?.[revisionLabel] ?? '';

function isSame(one: Toleration, other: Toleration): boolean {
  return one.key === other.key && one.operator === other.operator && one.effect === other.effect;
}
