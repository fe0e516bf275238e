import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { resources, StatusError } from '../api/index.ts';
import { createFakeClient, leaseLock } from '../client/index.ts';
import { silentLogger } from '../observe/index.ts';
import {
  type Clock,
  createVirtualClock,
  invalidElectionTimes,
  leaderElectionDefaults,
  type LeaseLock,
  seededRandom,
  startLeaderElection,
  type Term,
  type VirtualClock,
} from './index.ts';

/** Where a candidate's requests go: as usual, nowhere, or to the server while the answer is lost on its way back. */
type Network = 'well' | 'away' | 'deaf';

interface Candidate {
  readonly name: string;
  network: Network;
  /** Terms so far, newest last. */
  readonly terms: Term[];
  readonly leading: () => boolean;
  /** SIGKILL: it never does anything again and says so to nobody. */
  kill(): void;
  stop(): Promise<void>;
}

const world = (clock: VirtualClock = createVirtualClock()) => {
  const client = createFakeClient({ clock, random: seededRandom(1) });
  const lease = () => client.all(resources.leases)[0]?.spec;
  return {
    clock,
    client,
    lease,
    stand: (name: string, skewMs = 0) => stand(clock, leaseLock(client, 'kube-system', 'e'), name, skewMs),
  };
};

function stand(clock: VirtualClock, real: LeaseLock, name: string, skewMs: number): Candidate {
  const stop = new AbortController();
  const candidate = { network: 'well' as Network, terms: [] as Term[], killed: false };
  const never = new Promise<never>(() => {});
  const through = async <R>(request: () => Promise<R>): Promise<R> => {
    if (candidate.killed || candidate.network === 'away') return never;
    const answer = await request();
    return candidate.network === 'deaf' || candidate.killed ? never : answer;
  };
  const lock: LeaseLock = {
    namespace: real.namespace,
    name: real.name,
    get: (signal) => through(() => real.get(signal)),
    create: (lease, signal) => through(() => real.create(lease, signal)),
    update: (lease, signal) => through(() => real.update(lease, signal)),
  };
  const skewed: Clock = { now: () => clock.now() + skewMs, after: (ms, callback) => clock.after(ms, callback) };
  const election = startLeaderElection({
    identity: name,
    lock,
    clock: skewed,
    random: seededRandom(name.charCodeAt(0)),
    log: silentLogger,
    signal: stop.signal,
    async lead(term) {
      candidate.terms.push(term);
      await new Promise((resolve) => {
        term.signal.addEventListener('abort', resolve, { once: true });
      });
    },
  });
  return Object.assign(candidate, {
    name,
    leading: () => !candidate.killed && candidate.terms.some((term) => term.mayWrite()),
    kill: () => void (candidate.killed = true),
    async stop() {
      stop.abort();
      await clock.advance(5000);
      await election.stopped;
    },
  });
}

const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = leaderElectionDefaults;
/** A candidate asks at least this often: the retry period with client-go's jitter. */
const slowestAskMs = retryPeriodMs * 2.2;

describe('leader election', () => {
  test('the first candidate leads, writes its lease as client-go does, and a second one waits', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(100);
    const b = stand('b');
    await clock.advance(60_000);
    assert.deepEqual([a.leading(), b.leading(), b.terms.length], [true, false, 0]);
    const { renewTime, ...rest } = lease()!;
    assert.deepEqual(rest, {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    assert.ok(clock.now() - Date.parse(renewTime!) <= retryPeriodMs, 'renewed every retry period');
    await a.stop();
    await b.stop();
  });

  test('a leader that dies is followed after its lease has run out, not before', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(100);
    const b = stand('b');
    await clock.advance(30_000);
    const renewed = Date.parse(lease()!.renewTime!);
    a.kill();
    await clock.advance(renewed + leaseDurationMs - clock.now() - 1);
    assert.equal(b.leading(), false);
    await clock.advance(2 * slowestAskMs);
    assert.equal(b.leading(), true);
    assert.deepEqual([lease()?.holderIdentity, lease()?.leaseTransitions], ['b', 1]);
    await b.stop();
  });

  test('a leader that stops cleanly gives the lease back, and the next one need not wait for it to run out', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(100);
    const b = stand('b');
    await clock.advance(10_000);
    await a.stop();
    await clock.advance(slowestAskMs);
    assert.equal(b.leading(), true);
    await b.stop();
    assert.deepEqual([lease()?.holderIdentity, lease()?.leaseDurationSeconds], ['', 1]);
  });

  test('a leader whose API is away writes until the renew deadline, no longer, and leads again when it is back', async () => {
    const { clock, stand } = world();
    const a = stand('a');
    await clock.advance(retryPeriodMs * 3 + 10);
    a.network = 'away';
    // The last renewal that worked was sent 10 ms ago.
    await clock.advance(renewDeadlineMs - 20);
    assert.equal(a.leading(), true);
    await clock.advance(20);
    assert.equal(a.leading(), false);
    assert.equal(a.terms[0]!.signal.aborted, true, 'what the leader runs is told to stop');
    await clock.advance(60_000);
    assert.equal(a.leading(), false);
    a.network = 'well';
    await clock.advance(10_000);
    assert.deepEqual([a.leading(), a.terms.length], [true, 2]);
    await a.stop();
  });

  test('a slow answer counts from when the renewal was sent', async () => {
    const { clock, client } = world();
    const patient = leaseLock(client, 'kube-system', 'e');
    let delayMs = 0;
    const slow: LeaseLock = {
      ...patient,
      update: async (lease, signal) => {
        const answer = await patient.update(lease, signal);
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
        return answer;
      },
    };
    const a = standWith(clock, slow);
    await clock.advance(1900);
    delayMs = 4000;
    // Sent at 2000, answered at 6000; then the API goes away.
    await clock.advance(4200);
    delayMs = 1e9;
    await clock.advance(2000 + renewDeadlineMs - 6100 - 1);
    assert.equal(a.leading(), true);
    await clock.advance(1);
    assert.equal(a.leading(), false);
    await a.stop();
  });

  test('answers that are lost do not cost the lease: the record is read, and it is our own', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(5000);
    a.network = 'deaf';
    await clock.advance(6000);
    a.network = 'well';
    await clock.advance(60_000);
    assert.deepEqual([a.leading(), a.terms.length, lease()?.leaseTransitions], [true, 1, 0]);
    await a.stop();
  });

  test('a stop in the middle of a renewal whose answer is lost gives the lease back all the same', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(retryPeriodMs - 100);
    a.network = 'deaf';
    await clock.advance(200);
    a.network = 'well';
    await a.stop();
    assert.equal(lease()?.holderIdentity, '');
  });

  test('who has lost the lease does not give back another’s', async () => {
    const { clock, lease, stand } = world();
    const a = stand('a');
    await clock.advance(100);
    const b = stand('b');
    await clock.advance(1000);
    a.network = 'away';
    await clock.advance(leaseDurationMs + slowestAskMs);
    assert.equal(b.leading(), true);
    a.network = 'well';
    await a.stop();
    assert.deepEqual([b.leading(), lease()?.holderIdentity, lease()?.leaseTransitions], [true, 'b', 1]);
    await b.stop();
  });

  test('clocks that are hours apart make no difference', async () => {
    for (const skewMs of [-7_200_000, 7_200_000]) {
      const { clock, stand } = world();
      const a = stand('a');
      await clock.advance(100);
      const b = stand('b', skewMs);
      await clock.advance(60_000);
      assert.deepEqual([a.leading(), b.leading()], [true, false]);
      a.kill();
      await clock.advance(leaseDurationMs + 2 * slowestAskMs);
      assert.equal(b.leading(), true);
      await b.stop();
    }
  });

  test('a wall clock that is set forward ends the term, set back does not lengthen it', async () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const clock = createVirtualClock();
      const { client } = world(clock);
      let wall = 0;
      const jumping: Clock = { now: () => clock.now() + wall, after: (ms, callback) => clock.after(ms, callback) };
      const lock = leaseLock(client, 'kube-system', 'e');
      let away = false;
      const maybe: LeaseLock = { ...lock, update: (...all) => (away ? new Promise(() => {}) : lock.update(...all)) };
      const a = standWith(jumping, maybe, () => clock.now(), clock);
      await clock.advance(1000);
      away = true;
      wall = jumpMs;
      assert.equal(a.leading(), jumpMs < 0);
      await clock.advance(renewDeadlineMs);
      assert.equal(a.leading(), false);
      await a.stop();
    }
  });

  test('a process whose timers stood still writes no more, also when its wall clock was set back meanwhile', async () => {
    const clock = createVirtualClock();
    const { client } = world(clock);
    let asleep = false;
    let wall = 0;
    const sleepy: Clock = {
      now: () => clock.now() + wall,
      after: (ms, callback) => clock.after(ms, () => (asleep ? undefined : callback())),
    };
    const a = standWith(sleepy, leaseLock(client, 'kube-system', 'e'), () => clock.now(), clock);
    await clock.advance(1000);
    asleep = true;
    wall = -3_600_000;
    await clock.advance(renewDeadlineMs - 1001);
    assert.equal(a.leading(), true);
    await clock.advance(1);
    assert.equal(a.leading(), false);
    asleep = false;
    await a.stop();
  });

  test('a renewal that comes too late does not bring the term back, it begins another', async () => {
    const clock = createVirtualClock();
    const { client } = world(clock);
    const real = leaseLock(client, 'kube-system', 'e');
    let refusing = false;
    const lock: LeaseLock = {
      ...real,
      update: (...all) =>
        refusing ? Promise.reject(new StatusError('ServiceUnavailable', 'away')) : real.update(...all),
    };
    // The timer of the deadline is the only long one; it never fires.
    const late: Clock = {
      ...clock,
      after: (ms, callback) => clock.after(ms, () => (ms > 9000 ? undefined : callback())),
    };
    const a = standWith(late, lock, () => clock.now(), clock);
    await clock.advance(1000);
    refusing = true;
    await clock.advance(renewDeadlineMs);
    refusing = false;
    await clock.advance(10_000);
    assert.equal(a.terms.length, 2);
    assert.equal(a.terms[0]!.mayWrite(), false);
    assert.equal(a.leading(), true);
    await a.stop();
  });

  test('a lease that somebody took away ends the term at the next renewal', async () => {
    const { clock, client, stand } = world();
    const a = stand('a');
    await clock.advance(1000);
    const spec = { holderIdentity: 'intruder', leaseDurationSeconds: 15 };
    await client.patch(resources.leases, 'kube-system', 'e', 'merge', { spec });
    await clock.advance(2 * retryPeriodMs);
    assert.equal(a.leading(), false);
    await a.stop();
  });

  test('a lease that is deleted is made again by its holder', async () => {
    const { clock, client, lease, stand } = world();
    const a = stand('a');
    await clock.advance(1000);
    client.remove(resources.leases, 'kube-system', 'e');
    await clock.advance(2 * retryPeriodMs);
    assert.deepEqual([a.leading(), a.terms.length, lease()?.holderIdentity], [true, 1, 'a']);
    await a.stop();
  });

  test('a leader that fails ends the election with its error and gives the lease back', async () => {
    const { clock, client, lease } = world();
    const election = startLeaderElection({
      identity: 'a',
      lock: leaseLock(client, 'kube-system', 'e'),
      clock,
      random: seededRandom(1),
      log: silentLogger,
      signal: new AbortController().signal,
      lead: () => Promise.reject(new Error('no')),
    });
    const failed = assert.rejects(election.stopped, /no/);
    await clock.advance(5000);
    await failed;
    assert.equal(lease()?.holderIdentity, '');
  });

  test('an API that refuses is asked at the retry period, not in a hot loop', async () => {
    const { clock, client, stand } = world();
    client.failNext('get', resources.leases, new StatusError('Forbidden', 'no'), 1000);
    const a = stand('a');
    await clock.advance(60_000);
    assert.ok(client.calls.length <= 60_000 / retryPeriodMs + 1, `${client.calls.length} requests in a minute`);
    await a.stop();
  });

  test('never may two candidates write at the same time, and in the end one may', async () => {
    const step = fc.record({
      who: fc.nat(2),
      network: fc.constantFrom<Network>('well', 'away', 'deaf'),
      forMs: fc.integer({ min: 100, max: 12_000 }),
    });
    const skews = fc.tuple(fc.integer({ min: -1e7, max: 1e7 }), fc.integer({ min: -1e7, max: 1e7 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), skews, async (steps, [skewB, skewC]) => {
        const { clock, stand } = world();
        const candidates = [stand('a'), stand('b', skewB), stand('c', skewC)];
        const run = async (ms: number) => {
          for (let passed = 0; passed < ms; passed += 500) {
            await clock.advance(500);
            const leading = candidates.filter((candidate) => candidate.leading()).map(({ name }) => name);
            assert.ok(leading.length <= 1, `${leading.join(' and ')} may both write at ${clock.now()}`);
          }
        };
        for (const { who, network, forMs } of steps) {
          candidates[who]!.network = network;
          await run(forMs);
        }
        for (const candidate of candidates) candidate.network = 'well';
        await run(leaseDurationMs + 3 * slowestAskMs);
        assert.equal(candidates.filter((candidate) => candidate.leading()).length, 1);
        for (const candidate of candidates) await candidate.stop();
      }),
      { numRuns: 25 },
    );
  });

  test('times that contradict each other are named', () => {
    assert.equal(invalidElectionTimes(leaderElectionDefaults), undefined);
    assert.match(invalidElectionTimes({ ...leaderElectionDefaults, leaseDurationMs: 10_000 })!, /lease duration/);
    assert.match(invalidElectionTimes({ ...leaderElectionDefaults, renewDeadlineMs: 2400 })!, /renew deadline/);
  });
});

/** One candidate with a lock and clocks of its own. */
function standWith(clock: Clock, lock: LeaseLock, steadyNow = () => clock.now(), driver = clock as VirtualClock) {
  const stop = new AbortController();
  const terms: Term[] = [];
  const election = startLeaderElection({
    identity: 'a',
    lock,
    clock: { now: () => clock.now(), after: (ms, callback) => clock.after(ms, callback), steadyNow },
    random: seededRandom(1),
    log: silentLogger,
    signal: stop.signal,
    async lead(term) {
      terms.push(term);
      await new Promise((resolve) => {
        term.signal.addEventListener('abort', resolve, { once: true });
      });
    },
  });
  return {
    terms,
    leading: () => terms.some((term) => term.mayWrite()),
    async stop() {
      stop.abort();
      await driver.advance(5000);
      await election.stopped;
    },
  };
}
