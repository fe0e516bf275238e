// `everynode up`: its options and its help. What it does is in up-run.ts, loaded only when it runs, so that help and
// mistakes answer at once.
import { Command, Option } from 'commander';
import { collect, commaSeparated, defaultDataDirectory, duration, wholeNumber } from '../arguments.ts';
import { addEtcdOptions, type EtcdOptions } from '../etcd-options.ts';

export interface UpOptions extends EtcdOptions {
  /** Absent: three, or none beside a machine with real containers. */
  readonly nodes?: number;
  readonly runtime: (typeof runtimes)[number];
  readonly containerdSocket?: string;
  readonly nodeDir?: string;
  readonly dataDir?: string;
  readonly memory?: true;
  readonly port?: number;
  readonly host: string;
  readonly apply?: readonly string[];
  readonly simulate?: readonly string[];
  readonly controllers?: readonly string[];
  readonly eventTtl: number;
  readonly logLevel: (typeof logLevels)[number];
  readonly table: boolean;
}

const nodesMax = 10_000;
const portMax = 65_535;
const runtimes = ['simulated', 'containerd'] as const;
const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export function upCommand(version: string): Command {
  const command = new Command('up')
    .summary('run a cluster until Ctrl-C')
    .description(
      'Runs a Kubernetes cluster in this process until Ctrl-C: API server, store, scheduler, controllers and ' +
        'simulated nodes. kubectl works against it with the kubeconfig it writes. Started again, it goes on where it was.',
    )
    .helpOption('-h, --help', 'print this help')
    .addOption(
      new Option(
        '--nodes <count>',
        'simulated nodes to have: node-1, node-2, … (default: 3; with --runtime containerd: 0)',
      ).argParser(wholeNumber(0, nodesMax)),
    )
    .addOption(
      new Option('--runtime <kind>', 'containerd: make this machine a node too, with real containers (needs root)')
        .choices(runtimes)
        .default('simulated', 'simulated'),
    )
    .addOption(
      new Option(
        '--containerd-socket <path>',
        'where the container runtime listens (default: /run/containerd/containerd.sock)',
      ).implies({ runtime: 'containerd' }),
    )
    .option('--node-dir <path>', 'where volumes of pods in real containers lie (default: /var/lib/everynode)')
    .option('--data-dir <path>', `keep state, certificates and kubeconfig there (default: ${defaultDataDirectory})`)
    .addOption(new Option('--memory', 'keep nothing: the cluster is forgotten when it stops').conflicts('dataDir'))
    .addOption(
      new Option(
        '--port <number>',
        'port of the API server (default: that of the last run, else 6443; 0: any)',
      ).argParser(wholeNumber(0, portMax)),
    )
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1', '127.0.0.1'))
    .option('--apply <file>', 'apply a manifest once the cluster runs (repeatable)', collect)
    .option('--simulate <rule>', 'let simulated pods or nodes misbehave (repeatable)', collect)
    .option(
      '--controllers <list>',
      "which controllers to run, e.g. '*,-daemonset-controller' (default: *)",
      commaSeparated,
    )
    .addOption(
      new Option('--event-ttl <time>', 'how long events are kept').argParser(duration(1000)).default(3_600_000, '1h'),
    )
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write')
        .choices(logLevels)
        .default('warn', 'warn'),
    )
    .option('--no-table', 'print plain lines, also on a terminal');
  return addEtcdOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  everynode up
  everynode up --nodes 1000 --memory
  everynode up --apply agent.yaml
  everynode up --etcd-servers http://127.0.0.1:2379
  sudo everynode up --runtime containerd --apply agent.yaml
  everynode up --simulate 'image=*:broken: ImagePullBackOff' --simulate 'node=node-2: Dead'

Then, in another terminal:
  export KUBECONFIG=$PWD/${defaultDataDirectory}/kubeconfig
  kubectl get nodes`,
    )
    .action(async (options: UpOptions) => {
      const { runUp } = await import('../up-run.ts');
      await runUp(options, version);
    });
}
