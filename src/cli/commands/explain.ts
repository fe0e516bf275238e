// `everynode explain`: why every node of a DaemonSet is as it is. What it says is decided in core/daemonset/explain.ts.
import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../arguments.ts';
import type { LookOptions } from '../insight/look.ts';

export interface ExplainOptions extends LookOptions {
  readonly node?: string;
  readonly output: (typeof outputs)[number];
}

const outputs = ['text', 'json'] as const;

export function explainCommand(version: string): Command {
  return new Command('explain')
    .summary('say why each node has, or has not, its pod')
    .description(
      'Looks once at a DaemonSet of a Kubernetes cluster, with its nodes, pods, revisions and RolloutPolicy, and says ' +
        'for every node why it has the pod that it has, why it has none, and what the controller does next. Nodes of ' +
        'one fate share a line. Changes nothing, and works beside any DaemonSet controller.',
    )
    .argument('<name>', 'the DaemonSet')
    .helpOption('-h, --help', 'print this help')
    .option('-n, --namespace <name>', "its namespace (default: the context's, else default)")
    .option('--node <name>', 'this node alone, with everything about it')
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputs).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  everynode explain -n kube-system log-agent                 nodes by what is the matter
  everynode explain -n kube-system log-agent --node node-7   one node
  everynode explain -n kube-system log-agent -o json         for programs`,
    )
    .action(async (name: string, options: ExplainOptions) => {
      const { runExplain } = await import('../insight/explain.ts');
      await runExplain(name, options, version);
    });
}
