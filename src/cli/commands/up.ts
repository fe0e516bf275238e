// `everynode up`: its options and its help. What it does is in up-run.ts, loaded only when it runs, so that help and
// mistakes answer at once.
import { Command, Option } from 'commander';
import { collect, wholeNumber } from '../arguments.ts';

export interface UpOptions {
  readonly nodes: number;
  readonly dataDir?: string;
  readonly memory?: true;
  readonly port?: number;
  readonly host: string;
  readonly apply: readonly string[];
  readonly simulate: readonly string[];
  readonly logLevel: (typeof logLevels)[number];
  readonly table: boolean;
}

const nodesMax = 10_000;
const portMax = 65_535;
const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export const defaultDataDirectory = '.everynode';

export function upCommand(version: string): Command {
  const text = (value: string) => value;
  return new Command('up')
    .summary('run a cluster until Ctrl-C')
    .description(
      `Runs a Kubernetes cluster in this process until Ctrl-C: API server, store, scheduler, controllers and simulated
nodes. kubectl works against it with the kubeconfig it writes. A second start finds everything as it was.`,
    )
    .addOption(
      new Option('--nodes <count>', 'simulated nodes to have: node-1, node-2, …')
        .default(3)
        .argParser(wholeNumber(0, nodesMax)),
    )
    .addOption(
      new Option('--data-dir <path>', 'where state, certificates and kubeconfig are kept').default(
        undefined,
        defaultDataDirectory,
      ),
    )
    .addOption(new Option('--memory', 'keep nothing: the cluster is forgotten when it stops').conflicts('dataDir'))
    .addOption(
      new Option('--port <number>', 'port of the API server; 0 takes any free one')
        .default(undefined, 'the one of the last run, else 6443, else any free one')
        .argParser(wholeNumber(0, portMax)),
    )
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(
      new Option('--apply <file>', 'apply a manifest once the cluster runs; repeatable')
        .default([], 'nothing')
        .argParser(collect(text)),
    )
    .addOption(
      new Option('--simulate <rule>', 'let simulated pods or nodes misbehave; repeatable')
        .default([], 'all is well')
        .argParser(collect(text)),
    )
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write').choices(logLevels).default('warn'),
    )
    .addOption(new Option('--no-table', 'print plain lines, also on a terminal'))
    .addHelpText(
      'after',
      `
Examples:
  everynode up
  everynode up --nodes 1000 --memory
  everynode up --apply agent.yaml
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
