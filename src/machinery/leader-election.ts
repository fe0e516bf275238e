// One leader among several candidates, by a Lease (client-go's tools/leaderelection, its record and its times). Two
// things are stricter here. A leader counts its lease from the moment it *sent* the last renewal that worked, by its own
// clock, and may not write from `renewDeadlineMs` after it: the rest of the lease is a margin for what is under way.
// And a lease that was lost is stood for again in the same process, after everything of the old term has stopped.
// Other machines' clocks do not matter: a candidate measures how long a record has not changed. Knows no client.
import { formatMicroTime, isReason, type Lease, StatusError, type Stored } from '../api/index.ts';
import type { Logger } from '../observe/index.ts';
import { type Clock, sleep, steadyNow as steadyTime } from './clock.ts';
import type { Random } from './random.ts';

/** The lease to hold; `leaseLock()` of client/ makes one. Every failure is a StatusError. */
export interface LeaseLock {
  readonly namespace: string;
  readonly name: string;
  /** Rejects with NotFound when there is none. */
  get(signal: AbortSignal): Promise<Stored<Lease>>;
  create(lease: Lease, signal: AbortSignal): Promise<Stored<Lease>>;
  /** Rejects with Conflict when the lease is not of metadata.resourceVersion any more. */
  update(lease: Lease, signal: AbortSignal): Promise<Stored<Lease>>;
}

/** One time of leading, from being elected to having stopped. */
export interface Term {
  /** Aborts when leading is over: lost, or the election was stopped. */
  readonly signal: AbortSignal;
  /** Whether a write may be sent now. False for good once the lease could be taken by another soon. */
  readonly mayWrite: () => boolean;
}

export interface LeaderElectionOptions {
  /** Different for every process, also after a restart. */
  readonly identity: string;
  readonly lock: LeaseLock;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Leads until the term's signal aborts. Rejecting ends the election: `stopped` rejects with the same. */
  lead(term: Term): Promise<void>;
}

export interface LeaderElection {
  readonly leading: boolean;
  /** Who holds the lease, as last seen. */
  readonly holder: string | undefined;
  /** Resolves after the signal, when the term is over and the lease is released. */
  readonly stopped: Promise<void>;
}

/** kube-controller-manager's --leader-elect-lease-duration, -renew-deadline and -retry-period. */
export const leaderElectionDefaults = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };
/** client-go's JitterFactor: candidates wait between once and this much more than the retry period. */
const jitter = 1.2;
const releaseMsMax = 2000;

/** What is wrong with these times, in words; undefined when nothing is (client-go's NewLeaderElector). */
export function invalidElectionTimes(times: typeof leaderElectionDefaults): string | undefined {
  if (times.leaseDurationMs <= times.renewDeadlineMs)
    return 'the lease duration must be longer than the renew deadline';
  if (times.renewDeadlineMs <= times.retryPeriodMs * jitter)
    return `the renew deadline must be longer than ${jitter} times the retry period`;
  return times.retryPeriodMs > 0 ? undefined : 'the retry period must be longer than zero';
}

export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { identity, lock, clock, random, log, signal } = options;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = { ...leaderElectionDefaults, ...options };
  const steadyNow = () => steadyTime(clock);
  /** The record as last seen, and when that version of it was first seen, by the steady clock. */
  let seen: Stored<Lease> | undefined;
  let seenAt = 0;
  /** What we know of the record may be behind: a write of ours got no clear answer. */
  let stale = true;
  let term: Pick<Term, 'mayWrite'> | undefined;
  /** When the last renewal that worked was sent. */
  let held = { wall: Number.NEGATIVE_INFINITY, steady: Number.NEGATIVE_INFINITY };

  const observe = (lease: Stored<Lease>): void => {
    if (seen?.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    const holder = holderOf(lease);
    if (seen === undefined || holder !== holderOf(seen))
      log.info(holder === undefined ? 'the lease is free' : 'the lease has a holder', { holder, identity });
    seen = lease;
    seenAt = steadyNow();
  };

  /** Either clock may say that time is up: the wall clock goes on while the machine sleeps, the steady one is never set back. */
  const sinceHeldMs = () => Math.max(clock.now() - held.wall, steadyNow() - held.steady);

  /** One request, given up after half of the renew deadline, so that a second one fits in. */
  const ask = async <R>(request: (signal: AbortSignal) => Promise<R>, stop: AbortSignal): Promise<R> => {
    stop.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(stop.reason);
    stop.addEventListener('abort', abort, { once: true });
    const answer = Promise.withResolvers<never>();
    // The request may not heed the signal in time; the candidate goes on regardless.
    controller.signal.addEventListener('abort', () => answer.reject(controller.signal.reason as Error), { once: true });
    answer.promise.catch(() => undefined);
    const cancel = clock.after(renewDeadlineMs / 2, () =>
      controller.abort(new StatusError('Timeout', `no answer within ${renewDeadlineMs / 2} ms`)),
    );
    try {
      return await Promise.race([request(controller.signal), answer.promise]);
    } finally {
      cancel();
      stop.removeEventListener('abort', abort);
    }
  };

  const record = (before: Lease | undefined): Lease => {
    const now = formatMicroTime(clock.now());
    const ours = holderOf(before) === identity;
    const transitions = before?.spec?.leaseTransitions ?? 0;
    return {
      ...before,
      metadata: { ...before?.metadata, namespace: lock.namespace, name: lock.name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: ours ? (before?.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: transitions + (ours || before === undefined ? 0 : 1),
      },
    };
  };

  const isFree = (lease: Stored<Lease>): boolean => {
    const holder = holderOf(lease);
    if (holder === undefined || holder === identity) return true;
    const lastsMs = (lease.spec?.leaseDurationSeconds ?? Math.ceil(leaseDurationMs / 1000)) * 1000;
    return steadyNow() - seenAt >= lastsMs;
  };

  /** Takes or renews the lease if nobody else has it. Resolves to whether we hold it now. */
  const tryToHold = async (stop: AbortSignal): Promise<boolean> => {
    // As the leader the record is known, and a renewal is one request. After any surprise it is read again.
    let before = term === undefined || stale ? undefined : seen;
    stale = true;
    if (before === undefined) {
      try {
        before = await ask((each) => lock.get(each), stop);
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
      }
    }
    if (before !== undefined) {
      observe(before);
      if (!isFree(before)) return false;
    }
    const sent = { wall: clock.now(), steady: steadyNow() };
    const lease = record(before);
    observe(await ask((each) => (before === undefined ? lock.create(lease, each) : lock.update(lease, each)), stop));
    stale = false;
    held = sent;
    return true;
  };

  const attempt = async (stop: AbortSignal): Promise<'held' | 'foreign' | 'unknown'> => {
    try {
      return (await tryToHold(stop)) ? 'held' : 'foreign';
    } catch (error) {
      if (stop.aborted) return 'unknown';
      if (!(error instanceof StatusError)) throw error;
      // Another candidate was faster, or our own last write arrived though its answer did not: read, then judge.
      const ordinary = isReason(error, 'Conflict', 'AlreadyExists');
      log[ordinary ? 'debug' : 'warn']('the lease was not taken or renewed', { leading: term !== undefined, error });
      return 'unknown';
    }
  };

  const pause = (ms: number, stop: AbortSignal) => sleep(clock, ms, stop).catch(() => undefined);

  const stand = async (): Promise<boolean> => {
    while (!signal.aborted) {
      if ((await attempt(signal)) === 'held') return true;
      await pause(retryPeriodMs * (1 + jitter * random.next()), signal);
    }
    return false;
  };

  /** Renews until that fails for too long or somebody else holds the lease. */
  const keep = async (controller: AbortController): Promise<void> => {
    const { signal: over } = controller;
    const lose = (why: string) => {
      if (over.aborted) return;
      log.error('this process leads no longer', { why, holder: holderOf(seen), identity });
      controller.abort(new Error(why));
    };
    const loseLate = () => lose('the lease was not renewed in time');
    let cancel = () => {};
    const arm = () => {
      cancel();
      cancel = clock.after(Math.max(0, renewDeadlineMs - sinceHeldMs()), loseLate);
    };
    arm();
    for (;;) {
      await pause(retryPeriodMs, over);
      // A process that was stopped for a while may wake up here before the timer of its deadline fires.
      if (sinceHeldMs() >= renewDeadlineMs) loseLate();
      if (over.aborted) break;
      const outcome = await attempt(over);
      if (outcome === 'held') arm();
      if (outcome === 'foreign') lose('another process holds the lease');
    }
    cancel();
  };

  const lead = async (): Promise<void> => {
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    term = { mayWrite: () => !controller.signal.aborted && sinceHeldMs() < renewDeadlineMs };
    log.info('this process leads now', { identity, lease: `${lock.namespace}/${lock.name}` });
    try {
      const work = options.lead({ signal: controller.signal, mayWrite: term.mayWrite });
      const ended = work.finally(() => controller.abort(new Error('the leader has ended')));
      await Promise.all([ended, keep(controller)]);
    } finally {
      term = undefined;
      signal.removeEventListener('abort', stop);
    }
  };

  /** Lets the others have it at once (client-go's ReleaseOnCancel). A version in between makes the update fail. */
  const release = async (): Promise<void> => {
    const controller = new AbortController();
    const cancel = clock.after(releaseMsMax, () => controller.abort(new Error('no answer')));
    try {
      const lease = stale ? await ask((each) => lock.get(each), controller.signal) : seen;
      if (holderOf(lease) !== identity) return;
      const now = formatMicroTime(clock.now());
      const { leaseTransitions = 0 } = lease?.spec ?? {};
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions };
      observe(await ask((each) => lock.update({ ...lease!, spec }, each), controller.signal));
    } catch (error) {
      // It runs out by itself.
      log.debug('the lease was not released', { error });
    } finally {
      cancel();
    }
  };

  const run = async (): Promise<void> => {
    try {
      while (await stand()) {
        await lead();
        await pause(retryPeriodMs, signal);
      }
    } finally {
      // Who never sent for it has nothing to give back.
      if (held.wall !== Number.NEGATIVE_INFINITY) await release();
    }
  };

  return {
    get leading() {
      return term?.mayWrite() ?? false;
    },
    get holder() {
      return holderOf(seen);
    },
    stopped: run(),
  };
}

/** A released lease has an empty holder. */
function holderOf(lease: Lease | undefined): string | undefined {
  const holder = lease?.spec?.holderIdentity ?? '';
  return holder === '' ? undefined : holder;
}
