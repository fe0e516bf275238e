// Which situations a node was ever in, as a measure of what the histories reach: live, terminating and finished pods of
// one DaemonSet on one node, how many revisions they are of, who serves, what the node is like, and where a rollout policy stands.
import { findUntolerated, isTrue, type Pod, resources, type Stored } from '../api/index.ts';
import { isTerminal, revisionLabel, viewPod } from '../core/daemonset/index.ts';
import type { Archive, Change } from './archive.ts';
import { governorOf } from './policy-truth.ts';
import { isReady, nodeOf, ownerOf } from './truth.ts';

export class SlotStates {
  readonly seen = new Set<string>();

  committed(server: Archive, { resource, object }: Change): void {
    if (resource !== 'pods') return;
    const owner = ownerOf(object as Stored<Pod>);
    const name = nodeOf(object as Stored<Pod>);
    if (owner === undefined || name === undefined) return;
    const pods = server.all(resources.pods).filter((pod) => ownerOf(pod) === owner && nodeOf(pod) === name);
    const terminating = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    const finished = pods.filter((pod) => !terminating.includes(pod) && isTerminal(viewPod(pod)));
    const live = pods.filter((pod) => !terminating.includes(pod) && !finished.includes(pod));
    const revisions = new Set(live.map(({ metadata }) => metadata.labels?.[revisionLabel]));
    const node = server.find(resources.nodes, undefined, name);
    const daemonSet = server.all(resources.daemonSets).find(({ metadata }) => metadata.uid === owner);
    const taints = node?.spec?.taints ?? [];
    const policies = server.all(resources.rolloutPolicies);
    const policy = daemonSet === undefined ? undefined : governorOf(policies, daemonSet);
    this.seen.add(
      [
        `live ${live.length}`,
        `of ${revisions.size}`,
        `bound ${live.filter(({ spec }) => spec.nodeName !== undefined).length}`,
        `ready ${live.filter(isReady).length}`,
        `leaving ${Math.min(terminating.length, 3)}`,
        `finished ${Math.min(finished.length, 3)}`,
        node === undefined ? 'no node' : isTrue(node.status?.conditions, 'Ready') ? 'up' : 'down',
        findUntolerated(taints, [], ['NoExecute']) ? 'drained' : taints.length > 0 ? 'tainted' : 'open',
        daemonSet === undefined ? 'no owner' : (daemonSet.spec.updateStrategy?.type ?? ''),
        daemonSet?.spec.updateStrategy?.rollingUpdate?.maxSurge ? 'surge' : '',
        daemonSet?.metadata.deletionTimestamp === undefined ? '' : 'owner going',
        policy === undefined ? '' : `policy ${policy.status?.phase}`,
      ].join(', '),
    );
  }
}
