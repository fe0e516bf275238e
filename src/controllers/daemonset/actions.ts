// Carries out a plan: creates and deletes are sent without waiting for each other, and each answer goes back to the
// ledger. What is under way is bounded by the DaemonSet's own windows and by the API server's room for writes.
import { controllerOf, isReason, resources, StatusError } from '../../api/index.ts';
import {
  type Action,
  buildPod,
  claim,
  type CreatePod,
  type DeletePod,
  madeFields,
  templateOfHash,
  viewPod,
} from '../../core/daemonset/index.ts';
import type { SyncContext } from './context.ts';
import { failed, happened, isLost, lookUp, underWay, unknown } from './outcomes.ts';
import type { Tracked } from './tracked.ts';

/** Sends what the ledger plans and the windows have room for. Returns at once. */
export function act(context: SyncContext, tracked: Tracked): void {
  const { ledger, creates, deletes } = tracked;
  const now = context.clock.now();
  const limits = { createsMax: creates.room(now), deletesMax: deletes.room(now) };
  if (limits.createsMax + limits.deletesMax === 0) return;
  const plan = ledger.plan(limits);
  for (const action of plan.deletes) {
    ledger.sent(action, now);
    underWay(context, tracked, action);
    deletes.sent();
    void carryOut(context, tracked, action, deletePod(context, tracked, action));
  }
  for (const action of plan.creates) {
    ledger.sent(action, now);
    underWay(context, tracked, action);
    creates.sent();
    void carryOut(context, tracked, action, createPod(context, tracked, action));
  }
}

/** What had to wait for the server's room is looked at once more before it is sent: the world may have moved on. */
function holds({ clock }: SyncContext, tracked: Tracked, action: Action): boolean {
  const { object, ledger, gone, targetIsStale, isSettling } = tracked;
  return (
    !gone &&
    // The revision that a pod is to be made of may have been taken away, and the rollout may have been paused.
    !((targetIsStale || isSettling) && (action.type === 'create' || ofRollout.has(action.reason))) &&
    object.metadata.deletionTimestamp === undefined &&
    object.metadata.generation === ledger.target?.generation &&
    ledger.confirms(action, clock.now())
  );
}

/** Deletes for no other reason than the pod's revision. */
const ofRollout: ReadonlySet<DeletePod['reason']> = new Set(['outdated', 'outdated-unready', 'retired']);

/** Waits for the answer. What is no StatusError is a programmer error and surfaces as an unhandled rejection. */
async function carryOut(context: SyncContext, tracked: Tracked, action: Action, answer: Promise<void>): Promise<void> {
  try {
    await answer.catch((error: unknown) => refused(context, tracked, action, error));
  } catch (error) {
    if (!context.signal.aborted && !(error instanceof StatusError)) throw error;
    unknown(context, tracked, action);
  }
  if (!context.signal.aborted) context.touch(tracked);
}

async function createPod(context: SyncContext, tracked: Tracked, action: CreatePod): Promise<void> {
  const { client, limit, signal, record } = context;
  const { object, creates, ledger } = tracked;
  const { node, name, revision } = action;
  const newest = ledger.target?.sameRevisions.has(revision) === true;
  const template = newest ? object.spec.template : templateOfHash(tracked.revisions.values(), revision);
  const pod = template === undefined ? undefined : buildPod({ daemonSet: object, template, revision, node, name });
  try {
    const made = await limit(tracked, 'pods', () =>
      pod !== undefined && holds(context, tracked, action)
        ? client.create(resources.pods, pod, { signal, fields: madeFields })
        : Promise.resolve(undefined),
    );
    if (made === undefined) {
      creates.settled();
      failed(context, tracked, action);
      return;
    }
    happened(context, tracked, action, made);
    creates.succeeded();
    tracked.problem = undefined;
    record(tracked, 'Normal', 'SuccessfulCreate', `Created pod: ${action.name}`);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    creates.settled();
    await settleTaken(context, tracked, action);
  }
}

/**
 * The name exists. If it is the pod of this very decision (sent before a crash, by a leader before us, or not yet seen),
 * the decision is carried out already and the watch will bring the pod; so it will if the pod is about to be adopted. If
 * it is somebody else's, or another node's whose hash happens to be the same, another name is needed.
 */
async function settleTaken(context: SyncContext, tracked: Tracked, action: CreatePod): Promise<void> {
  const { client, clock, signal } = context;
  try {
    const found = await client.get(resources.pods, tracked.object.metadata.namespace, action.name, { signal });
    const { labels = {}, deletionTimestamp } = found.metadata;
    const controller = controllerOf(found.metadata)?.uid;
    const claimed = claim(tracked.claimant, { labels, controller, deleting: deletionTimestamp !== undefined });
    const ours = (claimed === 'keep' || claimed === 'adopt') && viewPod(found).node === action.node;
    if (ours) happened(context, tracked, action, found);
    else {
      tracked.unseen.delete(action.name);
      tracked.ledger.nameTaken(action, clock.now());
    }
  } catch (error) {
    // Gone again already: the watch brings both. Or nobody answers.
    if (!(error instanceof StatusError)) throw error;
    unknown(context, tracked, action);
  }
}

async function deletePod(context: SyncContext, tracked: Tracked, action: DeletePod): Promise<void> {
  const { client, limit, signal, record } = context;
  const pod = `${action.namespace}/${action.name}`;
  if (action.reason === 'failed')
    record(
      tracked,
      'Warning',
      'FailedDaemonPod',
      `Found failed daemon pod ${pod} on node ${action.node}, will try to kill it`,
    );
  if (action.reason === 'succeeded')
    record(
      tracked,
      'Normal',
      'SucceededDaemonPod',
      `Found succeeded daemon pod ${pod} on node ${action.node}, will try to delete it`,
    );
  try {
    const { uid, resourceVersion } = action;
    const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    const sent = await limit(tracked, 'pods', async () => {
      if (!holds(context, tracked, action)) return false;
      tracked.ledger.goesOut(action, context.clock.now());
      await client.delete(resources.pods, action.namespace, action.name, { preconditions, signal });
      return true;
    });
    if (!sent) {
      tracked.deletes.settled();
      failed(context, tracked, action);
      return;
    }
  } catch (error) {
    // Gone already, or the name is another pod's by now: what was to go has gone.
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    if (isReason(error, 'Conflict') && action.resourceVersion !== undefined) {
      // It has changed since it was seen: it is decided again, a little later, when the watch may have shown how.
      tracked.deletes.refused(context.clock.now(), undefined);
      failed(context, tracked, action);
      return;
    }
    happened(context, tracked, action);
    tracked.deletes.settled();
    return;
  }
  happened(context, tracked, action);
  tracked.deletes.succeeded();
  record(tracked, 'Normal', 'SuccessfulDelete', `Deleted pod: ${action.name}`);
}

async function refused(context: SyncContext, tracked: Tracked, action: Action, error: unknown): Promise<void> {
  if (!(error instanceof StatusError)) throw error;
  const now = context.clock.now();
  const retryAfterMs =
    error.details?.retryAfterSeconds === undefined ? undefined : error.details.retryAfterSeconds * 1000;
  const window = action.type === 'create' ? tracked.creates : tracked.deletes;
  window.refused(now, retryAfterMs);
  if (!isLost(error)) failed(context, tracked, action);
  // Nothing can be created in a namespace that is going; the DaemonSet goes with it and nobody needs to be told.
  if (error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true) return;
  if (action.type === 'create') {
    tracked.problem = { reason: 'FailedCreate', message: error.message };
    context.record(tracked, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
  } else context.record(tracked, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`);
  context.log.warn(`${action.type} refused`, { daemonSet: tracked.key, node: action.node, pod: action.name, error });
  if (isLost(error)) await lookUp(context, tracked, action);
}
