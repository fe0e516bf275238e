// `everynode install`: prints what has to be in a cluster for `everynode controller` to run there. Writes nothing and
// asks no cluster: `kubectl apply -f -` does. What is printed is decided in install/.
import { Command, InvalidArgumentError, Option } from 'commander';
import { isDnsLabel, parseQuantity } from '../../api/index.ts';
import { formatYaml } from '../../machinery/index.ts';
import { wholeNumber } from '../arguments.ts';
import { installObjects } from '../install/manifests.ts';
import { defaultInstallOptions, type InstallOptions } from '../install/options.ts';

interface Flags extends Omit<InstallOptions, 'version'> {
  readonly output: (typeof outputs)[number];
}

const outputs = ['yaml', 'json'] as const;
const logLevels = ['debug', 'info', 'warn', 'error'] as const;
const replicasMax = 10;

export function installCommand(version: string): Command {
  const defaults = defaultInstallOptions(version);
  return new Command('install')
    .summary('print the manifests that run the controller in a cluster')
    .description(
      'Prints the manifests that run `everynode controller` in a Kubernetes cluster: namespace, the definition of ' +
        'RolloutPolicy, service account and its permissions, a Deployment, a disruption budget and a Service for ' +
        'metrics. Changes nothing itself.',
    )
    .helpOption('-h, --help', 'print this help')
    .addOption(new Option('--namespace <name>', 'where it runs').argParser(namespaceName).default(defaults.namespace))
    .option('--no-create-namespace', 'leave the namespace out: it is there already')
    .option('--image <reference>', 'the image; `npm run image` builds it', defaults.image)
    .addOption(
      new Option('--replicas <count>', 'replicas, of which one leads')
        .argParser(wholeNumber(1, replicasMax))
        .default(defaults.replicas),
    )
    .addOption(
      new Option('--log-level <level>', 'least important log lines to write')
        .choices(logLevels)
        .default(defaults.logLevel),
    )
    .addOption(quantityOption('--cpu-request <amount>', 'CPU to reserve for a replica', defaults.cpuRequest))
    .addOption(quantityOption('--memory-request <amount>', 'memory to reserve for a replica', defaults.memoryRequest))
    .addOption(quantityOption('--memory-limit <amount>', 'memory that a replica may not exceed', defaults.memoryLimit))
    .option('--service-monitor', "with a ServiceMonitor, for the Prometheus operator's clusters", false)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputs).default('yaml'))
    .addHelpText(
      'after',
      `
Examples:
  everynode install | kubectl apply --server-side -f -
  everynode install --image registry.example.com/everynode:${version} --namespace kube-system --no-create-namespace`,
    )
    .action((flags: Flags) => {
      const { output, ...options } = flags;
      process.stdout.write(print(installObjects({ ...options, version }), output));
    });
}

function print(objects: readonly object[], output: Flags['output']): string {
  if (output === 'json') return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`;
  return objects.map(formatYaml).join('---\n');
}

function namespaceName(text: string): string {
  if (isDnsLabel(text)) return text;
  throw new InvalidArgumentError('It must be lower case letters, digits and dashes, at most 63.');
}

function quantityOption(flags: string, description: string, value: string): Option {
  const parse = (text: string) => {
    if ((parseQuantity(text) ?? 0) > 0) return text;
    throw new InvalidArgumentError('It must be an amount such as 100m, 0.5 or 128Mi.');
  };
  return new Option(flags, description).argParser(parse).default(value);
}
