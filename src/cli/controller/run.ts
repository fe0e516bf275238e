// What `everynode controller` does: connect, check, then be the controller whenever this process leads, until it is
// told to stop. Puts the parts together; decides nothing.
import { hostname } from 'node:os';
import { createDryRunClient, gateWrites, leaseLock, measureCalls } from '../../client/index.ts';
import {
  type DaemonSetController,
  leasePermissions,
  preflightPermissions,
  readPermissions,
  registerMetrics,
  registerSelfCheckMetrics,
  writePermissions,
} from '../../controllers/daemonset/index.ts';
import {
  invalidElectionTimes,
  type LeaderElection,
  startLeaderElection,
  systemClock,
  systemRandom,
} from '../../machinery/index.ts';
import { createLogger, createMetrics } from '../../observe/index.ts';
import type { ControllerOptions } from '../commands/controller.ts';
import { Refusal } from '../failure.ts';
import { listenForStop } from '../stop-signal.ts';
import { connect } from './connect.ts';
import { bindAddresses, serveAll, type Standing } from './endpoints.ts';
import { missingPermissions, type NeededPermission } from './permissions.ts';
import { runTerm } from './term.ts';

const clock = systemClock;
const random = systemRandom;
const defaultNamespace = 'kube-system';

export async function runController(options: ControllerOptions, version: string): Promise<void> {
  // Everything that can be wrong with what was asked is found before anything is started.
  const times = {
    leaseDurationMs: options.leaderElectLeaseDuration,
    renewDeadlineMs: options.leaderElectRenewDeadline,
    retryPeriodMs: options.leaderElectRetryPeriod,
  };
  const wrong = options.leaderElect ? invalidElectionTimes(times) : undefined;
  if (wrong !== undefined) throw new Refusal(wrong);
  const addresses = bindAddresses(options);

  const stop = listenForStop(() => clock.now());
  // Neither the clock's timers nor idle connections keep a process alive, and a replica that stands by has only those.
  const staysAlive = setInterval(() => undefined, 60_000);
  const { signal } = stop;
  const log = createLogger({ level: options.logLevel });
  const userAgent = `everynode/${version} daemonset-controller`;
  const { kubeconfig, context } = options;
  let close = () => Promise.resolve();
  try {
    const connected = await connect({ kubeconfig, context, userAgent, clock, random, log, signal });
    close = () => connected.client.close();
    const metrics = await createMetrics();
    const client = measureCalls(connected.client, metrics, clock);
    const { server } = connected.client;
    const namespace = options.namespace ?? connected.namespace ?? defaultNamespace;
    const missing = await missingPermissions(client, needed(options, namespace), signal);
    if (missing.length > 0) throw new Error(`not allowed at ${server}: ${missing.join(', ')}`);
    log.info('connected', { server, version, namespace, dryRun: options.dryRun === true });

    let controller: DaemonSetController | undefined;
    let synced = false;
    let election: LeaderElection | undefined;
    const standing: Standing = {
      writing: () => options.dryRun !== true && (election?.leading ?? true),
      leading: () => election?.leading ?? true,
      seen: () => election === undefined || election.holder !== undefined,
      synced: () => synced,
    };
    const onSync = registerMetrics(metrics, () => controller?.inspect());
    const running = (next: DaemonSetController | undefined) => {
      controller = next;
      synced = false;
      next?.synced.then(
        () => (synced = controller === next),
        () => undefined,
      );
    };
    const endpoints = await serveAll(addresses, metrics, standing, log);
    close = () => Promise.all([endpoints.close(), connected.client.close()]).then(() => undefined);

    const { concurrency } = options;
    const looked = options.skipPreflight === true ? undefined : { client, namespace, waitMs: options.preflightWait };
    const selfCheck = { selfCheckMs: options.selfCheckInterval, onSelfCheck: registerSelfCheckMetrics(metrics) };
    const common = { clock, random, log, concurrency, onSync, running, ...selfCheck };
    if (options.dryRun === true) {
      const dry = createDryRunClient(client, { clock, random, log });
      await runTerm({ ...common, client: dry, signal, preflight: undefined });
    } else if (options.leaderElect) {
      election = startLeaderElection({
        ...times,
        identity: `${hostname()}_${random.uuid()}`,
        lock: leaseLock(client, namespace, options.leaderElectResourceName),
        clock,
        random,
        log,
        signal,
        lead: (term) =>
          runTerm({ ...common, client: gateWrites(client, term.mayWrite), signal: term.signal, preflight: looked }),
      });
      await election.stopped;
    } else {
      await runTerm({ ...common, client, signal, preflight: looked });
    }
    log.info('stopped cleanly');
  } catch (error) {
    // Stopped while it was starting: nothing has failed.
    if (!signal.aborted) throw error;
  } finally {
    await close();
    clearInterval(staysAlive);
    stop.close();
  }
}

function needed(options: ControllerOptions, namespace: string): readonly NeededPermission[] {
  const { dryRun, leaderElect, skipPreflight } = options;
  const there = (permissions: readonly NeededPermission[]) => permissions.map((entry) => ({ ...entry, namespace }));
  if (dryRun === true) return readPermissions;
  return [
    ...readPermissions,
    ...writePermissions,
    ...(leaderElect ? there(leasePermissions(options.leaderElectResourceName)) : []),
    ...(skipPreflight === true ? [] : there(preflightPermissions)),
  ];
}
