// `everynode controller`: its options and its help. What it does is in controller/run.ts, loaded only when it runs.
import { Command, Option } from 'commander';
import {
  type ClusterOptions,
  contextOption,
  duration,
  kubeconfigOption,
  trueOrFalse,
  wholeNumber,
} from '../arguments.ts';

export interface ControllerOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly leaderElect: boolean;
  readonly leaderElectLeaseDuration: number;
  readonly leaderElectRenewDeadline: number;
  readonly leaderElectRetryPeriod: number;
  readonly leaderElectResourceName: string;
  readonly dryRun?: true;
  readonly skipPreflight?: true;
  readonly preflightWait: number;
  readonly concurrency: number;
  readonly selfCheckInterval: number;
  readonly metricsBindAddress?: string;
  readonly healthBindAddress?: string;
  readonly logLevel: (typeof logLevels)[number];
}

const logLevels = ['debug', 'info', 'warn', 'error'] as const;
const concurrencyMax = 256;

export function controllerCommand(version: string): Command {
  return new Command('controller')
    .summary('run the DaemonSet controller on a Kubernetes cluster')
    .description(
      'Runs the DaemonSet controller on a Kubernetes cluster, in place of the one in kube-controller-manager ' +
        '(there: --controllers=*,-daemonset-controller). Taking over, and handing back, restarts no pod.',
    )
    .helpOption('-h, --help', 'print this help')
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .option('--namespace <name>', "namespace of its lease and its probe (default: the pod's own, else kube-system)")
    .addOption(
      new Option('--leader-elect [boolean]', 'write only while holding the lease, so that several replicas may run')
        .argParser(trueOrFalse)
        .default(true),
    )
    .addOption(
      new Option('--leader-elect-lease-duration <time>', 'how long others wait for a leader that is silent')
        .argParser(duration(1000))
        .default(15_000, '15s'),
    )
    .addOption(
      new Option('--leader-elect-renew-deadline <time>', 'how long a leader that cannot renew goes on writing')
        .argParser(duration(1))
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--leader-elect-retry-period <time>', 'time between two tries to get or renew the lease')
        .argParser(duration(1))
        .default(2000, '2s'),
    )
    .addOption(
      new Option('--leader-elect-resource-name <name>', 'name of the lease').default(
        'everynode-daemonset-controller',
        'everynode-daemonset-controller',
      ),
    )
    .option('--dry-run', 'log what it would do, and write nothing')
    .option('--skip-preflight', 'do not look whether another DaemonSet controller is active')
    .addOption(
      new Option('--preflight-wait <time>', 'how long another controller may take to answer the probe')
        .argParser(duration(0))
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--concurrency <count>', 'DaemonSets worked on at the same time')
        .argParser(wholeNumber(1, concurrencyMax))
        .default(8),
    )
    .addOption(
      new Option(
        '--self-check-interval <time>',
        "time between two comparisons of one DaemonSet's pods, or the nodes, with a fresh list; 0s for none",
      )
        .argParser(duration(0))
        .default(600_000, '10m'),
    )
    .option('--metrics-bind-address <address>', 'serve /metrics there, e.g. :8080')
    .option('--health-bind-address <address>', 'serve /healthz and /readyz there, e.g. :8081')
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write')
        .choices(logLevels)
        .default('info', 'info'),
    )
    .addHelpText(
      'after',
      `
Examples:
  everynode controller --dry-run                  what would it do on kubectl's current cluster?
  everynode controller --kubeconfig admin.conf    leads, or stands by while another replica leads
  everynode controller --metrics-bind-address :8080 --health-bind-address :8081`,
    )
    .action(async (options: ControllerOptions) => {
      const { runController } = await import('../controller/run.ts');
      await runController(options, version);
    });
}
