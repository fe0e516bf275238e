// `everynode node`: its options and its help. What it does is in node-run.ts, loaded only when it runs.
import { Command, Option } from 'commander';
import { defaultDataDirectory } from '../arguments.ts';

export interface NodeOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly containerdSocket?: string;
  readonly nodeDir?: string;
  readonly clearOnStop?: true;
  readonly logLevel: (typeof logLevels)[number];
}

const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export function nodeCommand(): Command {
  return new Command('node')
    .summary('join one more node with real containers to a cluster on this machine')
    .description(
      "Joins one more node to a cluster that 'everynode up' runs on this machine: its pods are containers in " +
        'containerd. Stopped or killed, it leaves them running; started again under its name, it finds them. Needs root.',
    )
    .helpOption('-h, --help', 'print this help')
    .requiredOption('--name <name>', 'what the node is called; one that no other node has')
    .option('--data-dir <path>', "the cluster's: its certificates are made there", defaultDataDirectory)
    .option(
      '--containerd-socket <path>',
      'where the container runtime listens (default: /run/containerd/containerd.sock)',
    )
    .option('--node-dir <path>', 'where volumes of its pods lie (default: /var/lib/everynode-<name>)')
    .option('--clear-on-stop', 'end its pods when it stops')
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write')
        .choices(logLevels)
        .default('warn', 'warn'),
    )
    .addHelpText(
      'after',
      `
Examples:
  sudo everynode node --name worker-2
  sudo everynode node --name worker-3 --data-dir /srv/cluster/.everynode --clear-on-stop`,
    )
    .action(async (options: NodeOptions) => {
      const { runNode } = await import('../node-run.ts');
      await runNode(options);
    });
}
