// What `everynode up` does: start the cluster, apply what it was given, show it, and stop it cleanly.
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { type MisbehaviourRule, parseMisbehaviourRule } from '../agent/index.ts';
import { type Cluster, ClusterStartError, type EtcdAddress, startCluster } from '../cluster/index.ts';
import { systemClock, systemRandom } from '../machinery/index.ts';
import { createLogger, type Logger } from '../observe/index.ts';
import { applyManifest } from './apply.ts';
import { defaultDataDirectory } from './arguments.ts';
import type { UpOptions } from './commands/up.ts';
import { etcdAddress } from './etcd-options.ts';
import { asRefusal, Refusal } from './failure.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type Manifest, readManifests } from './manifests.ts';
import { listenForStop } from './stop-signal.ts';
import { openLines, openTable, type Screen } from './view/screen.ts';
import { coloured, plain } from './view/text.ts';
import { watchCluster } from './view/watch-cluster.ts';

const clock = systemClock;
const random = systemRandom;
const defaultNodes = 3;

export async function runUp(options: UpOptions, version: string): Promise<void> {
  // Everything that can be wrong with what was asked is found before anything is started.
  const rules = (options.simulate ?? []).map(parseRule);
  const manifests = (options.apply ?? []).flatMap(readManifests);
  const etcd = etcdAddress(options);
  const stop = listenForStop(() => clock.now());
  const logTo = { write: toStderr };
  const log = createLogger({ level: options.logLevel, destination: { write: (line) => void logTo.write(line) } });
  try {
    const startedMs = clock.now() - process.uptime() * 1000;
    const cluster = await start(options, { rules, etcd, log, signal: stop.signal });
    try {
      await applyAll(cluster, manifests);
      const run = { cluster, options, version, log, logTo, signal: stop.signal, startedMs };
      await show(run, Promise.race([aborted(stop.signal), cluster.failed]));
    } finally {
      await cluster.close();
    }
  } catch (error) {
    // Stopped before it had started: as clean as any other stop.
    if (error !== stop.signal.reason) throw error;
  } finally {
    stop.close();
  }
  print('stopped cleanly');
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function parseRule(text: string): MisbehaviourRule {
  try {
    return parseMisbehaviourRule(text);
  } catch (error) {
    throw new Refusal(`--simulate '${text}': ${(error as Error).message}`, { cause: error });
  }
}

/** Where the runtime is; refused at once where it cannot be used at all. */
function containerdOptions({ containerdSocket, nodeDir }: UpOptions) {
  if (process.geteuid?.() !== 0) throw new Refusal('--runtime containerd needs root: it mounts, and runs containers');
  return {
    ...(containerdSocket === undefined ? {} : { socketPath: resolve(containerdSocket) }),
    ...(nodeDir === undefined ? {} : { directory: resolve(nodeDir) }),
  };
}

interface StartContext {
  readonly rules: readonly MisbehaviourRule[];
  readonly etcd: EtcdAddress | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

async function start(options: UpOptions, { rules, etcd, log, signal }: StartContext): Promise<Cluster> {
  try {
    return await startCluster({
      ...(options.memory === true ? {} : { dataDir: options.dataDir ?? defaultDataDirectory }),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(etcd === undefined ? {} : { etcd }),
      ...(options.controllers === undefined ? {} : { controllers: options.controllers }),
      host: options.host,
      eventTtlMs: options.eventTtl,
      nodes: options.nodes ?? (options.runtime === 'containerd' ? 0 : defaultNodes),
      ...(options.runtime === 'containerd' ? { containerd: containerdOptions(options) } : {}),
      rules,
      clock,
      random,
      log,
      signal,
    });
  } catch (error) {
    if (error instanceof ClusterStartError) throw new Refusal(error.message, { cause: error });
    throw error;
  }
}

async function applyAll(cluster: Cluster, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const what = `${manifest.kind.toLowerCase()}/${manifest.metadata.name}`;
    const resource = cluster.findResource(manifest.apiVersion, manifest.kind);
    if (resource === undefined) throw new Refusal(`${what}: no kind "${manifest.kind}" in ${manifest.apiVersion}`);
    try {
      print(`${what} ${await applyManifest(cluster.client, resource, manifest)}`);
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

interface Run {
  readonly cluster: Cluster;
  readonly options: UpOptions;
  readonly version: string;
  readonly log: Logger;
  readonly logTo: { write: (line: string) => unknown };
  readonly signal: AbortSignal;
  readonly startedMs: number;
}

/** Shows the cluster until `until`, on a terminal as a table, elsewhere line by line. */
async function show(run: Run, until: Promise<unknown>): Promise<void> {
  const { cluster, options, version, log, signal, startedMs } = run;
  const { client, kubeconfigPath, url } = cluster;
  const directory = dirname(kubeconfigPath);
  const stateKept = options.memory === true ? 'in memory, lost when it stops' : (options.etcdServers?.[0] ?? directory);
  const stopView = new AbortController();
  let screen: Screen | undefined;
  let logFile: LogFile | undefined;
  const changed = () => screen?.changed();
  const viewSignal = AbortSignal.any([signal, stopView.signal]);
  const view = watchCluster({ client, clock, random, log, signal: viewSignal, changed });
  const seconds = ((clock.now() - startedMs) / 1000).toFixed(1);
  print(`everynode ${version}  ${url}\nexport KUBECONFIG=${kubeconfigPath}\nready after ${seconds} s\n`);
  if (options.table && process.stdout.isTTY) {
    const paint = process.stdout.hasColors() ? coloured : plain;
    screen = openTable(process.stdout, clock, { stateKept, paint }, view.state);
    // Log lines would tear the table.
    logFile = process.stderr.isTTY ? openLogFile(join(directory, 'everynode.log')) : undefined;
    if (logFile !== undefined) run.logTo.write = logFile.write;
  } else screen = openLines(print, clock, view.state);
  screen.changed();
  try {
    await until;
  } finally {
    screen.close();
    stopView.abort();
    await view.stopped;
    run.logTo.write = toStderr;
    logFile?.close();
  }
}

function toStderr(line: string): unknown {
  return process.stderr.write(line);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
