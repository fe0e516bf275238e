// `everynode plan`: what applying a DaemonSet's manifest would do to the nodes. Decided in core/daemonset/foresee.ts.
import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../arguments.ts';
import type { LookOptions } from '../insight/look.ts';

export interface PlanOptions extends LookOptions {
  readonly filename: string;
  readonly output: (typeof outputs)[number];
}

const outputs = ['text', 'json'] as const;

export function planCommand(version: string): Command {
  return new Command('plan')
    .summary('say what applying a DaemonSet would do to the nodes')
    .description(
      'Says of a manifest, before it is applied, which nodes of the cluster get, lose or exchange their pod, whether ' +
        'there is a new revision at all, and in which waves a RolloutPolicy would let it go. The API server judges the ' +
        'manifest in a dry run, for which it asks the same permissions as for the real one. Changes nothing.',
    )
    .helpOption('-h, --help', 'print this help')
    .requiredOption('-f, --filename <file>', 'the manifest, YAML or JSON; what is no DaemonSet in it is passed over')
    .option('-n, --namespace <name>', "for manifests that name none (default: the context's, else default)")
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputs).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  everynode plan -f log-agent.yaml           who would be restarted, and how many at a time?
  everynode plan -f log-agent.yaml -o json   for programs`,
    )
    .action(async (options: PlanOptions) => {
      const { runPlan } = await import('../insight/plan.ts');
      await runPlan(options, version);
    });
}
