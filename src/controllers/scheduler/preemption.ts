// Making room for an important pod: asks core/scheduling whose place it gets, tells those pods why, and deletes them.
// The pod itself is bound later, when they are gone, as any other that waits.
import { formatTime, isReason, resources } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { type Guard, type NodeInfo, planPreemption, preemptionRefusal } from '../../core/scheduling/index.ts';
import type { Clock, EventRecorder } from '../../machinery/index.ts';
import type { ClusterView, Nomination, PodView } from './cluster-view.ts';

export interface PreemptionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly cluster: ClusterView;
  readonly signal: AbortSignal;
  readonly recorder: EventRecorder | undefined;
  readonly schedulerName: string;
  /** The disruption budgets as they stand. */
  readonly guards: () => readonly Guard<PodView>[];
}

export interface PreemptionDecision {
  /** Where room is made, or was made before and is still being left. */
  readonly nodeName: string | undefined;
  /** Why none is, in kube-scheduler's words; '' otherwise. */
  readonly refusal: string;
  readonly victims: readonly PodView[];
}

export interface PreemptionPart {
  decide(pod: PodView, resolvable: readonly NodeInfo[], nominated: readonly Nomination[]): PreemptionDecision;
  evict(pod: PodView, nodeName: string | undefined, victims: readonly PodView[]): Promise<void>;
}

export function createPreemption(options: PreemptionOptions): PreemptionPart {
  const { client, clock, cluster, signal, recorder, schedulerName, guards } = options;
  /** Victims whose deletion was asked for; each is kept until the watch says that it is gone or leaving. */
  const leaving = new Set<string>();

  const isMakingRoom = (pod: PodView, nodeName: string) =>
    cluster
      .podsOn(nodeName)
      .some((other) => other.demand.priority < pod.demand.priority && (other.terminating || leaving.has(other.uid)));

  const evictOne = async (pod: PodView, nodeName: string, victim: PodView) => {
    const { namespace, name, uid } = victim;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: formatTime(clock.now()),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    leaving.add(uid);
    try {
      await client.patch(resources.pods, namespace, name, 'strategic', patch, { subresource: 'status', signal });
      await client.delete(resources.pods, namespace, name, { preconditions: { uid }, signal });
    } catch (error) {
      leaving.delete(uid);
      // Gone already: its place is free. After a Conflict it is decided anew: it may still be there.
      if (isReason(error, 'NotFound')) return;
      throw error;
    }
    const note = `Preempted by pod ${pod.uid} on node ${nodeName}`;
    recorder?.record(podReference(victim), 'Normal', 'Preempted', note);
  };

  return {
    decide(pod, resolvable, nominated) {
      const refuse = (refusal: string) => ({ nodeName: undefined, refusal, victims: [] });
      const count = cluster.nodes.size;
      if (count === 0) return refuse('');
      if (!pod.demand.preempts) return refuse('preemption: not eligible due to preemptionPolicy=Never.');
      const earlier = cluster.nominatedNodeOf(pod.uid);
      // Its victims are on their way: what was said of it still holds.
      if (earlier !== undefined && isMakingRoom(pod, earlier)) return refuse('');
      const occupantsOf = (name: string) => [
        ...cluster.podsOn(name),
        ...nominated.filter(({ nodeName }) => nodeName === name).map((nomination) => nomination.pod),
      ];
      const plan = planPreemption(pod.demand, resolvable, occupantsOf, guards());
      if (plan === undefined) return refuse(preemptionRefusal(count, resolvable.length));
      cluster.nominate(pod, plan.nodeName);
      return { ...plan, refusal: '' };
    },
    async evict(pod, nodeName, victims) {
      for (const uid of leaving) if (!cluster.isCharged(uid)) leaving.delete(uid);
      if (nodeName !== undefined) await Promise.all(victims.map((victim) => evictOne(pod, nodeName, victim)));
    },
  };
}

export function podReference({ namespace, name, uid }: PodView) {
  return { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
}
