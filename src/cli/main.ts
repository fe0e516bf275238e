// The command line's entry: builds the program, runs one command, turns whatever goes wrong into one line and an exit
// code. Commands live in commands/, one file each; nothing is decided here.
import { Command, CommanderError } from 'commander';
import { controllerCommand } from './commands/controller.ts';
import { explainCommand } from './commands/explain.ts';
import { installCommand } from './commands/install.ts';
import { nodeCommand } from './commands/node.ts';
import { planCommand } from './commands/plan.ts';
import { upCommand } from './commands/up.ts';
import { endingFor, refusedExitCode } from './failure.ts';
import { packageVersion } from './package-version.ts';

/** A process that is done but does not end has left something open: that is a bug, and must not look like success. */
const lingerMs = 5_000;

const version = packageVersion();
const program = new Command('everynode')
  .description(
    'One pod on every node, and rollouts you can trust: DaemonSets on your Kubernetes cluster, or on an embedded one.',
  )
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'explain a command')
  .addCommand(upCommand(version))
  .addCommand(nodeCommand())
  .addCommand(controllerCommand(version))
  .addCommand(explainCommand(version))
  .addCommand(planCommand(version))
  .addCommand(installCommand(version))
  .addHelpText(
    'after',
    `
Examples:
  everynode up                         a cluster of three simulated nodes
  everynode up --nodes 1000 --memory   a thousand, forgotten when it stops
  everynode node --name worker-2       one more node with real containers
  everynode controller --dry-run       what would it do on the cluster that kubectl talks to?
  everynode explain log-agent          why has each node its pod, or not?
  everynode plan -f log-agent.yaml     what would applying this do to the nodes?
  everynode install                    manifests that run the controller in that cluster
  everynode help up                    everything that 'up' can do`,
  );

for (const command of [program, ...program.commands]) {
  command.exitOverride().configureHelp({ helpWidth: 100 });
  // The sentence is printed once, below, as every other failure.
  command.configureOutput({ outputError: () => undefined });
}

// Whoever read what is printed may go, as `head` does: that is no failure, and nothing is left to say.
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const words = process.argv.slice(2);
try {
  await program.parseAsync(words.length === 0 ? ['--help'] : words, { from: 'user' });
} catch (error) {
  end(error);
}
setTimeout(() => {
  process.stderr.write('everynode: done, but something is still open; ending anyway\n');
  process.exit(1);
}, lingerMs).unref();

function end(error: unknown): void {
  const usage = error instanceof CommanderError;
  if (usage && error.exitCode === 0) return;
  const { line, exitCode } = endingFor(error);
  process.stderr.write(`${line.replace('everynode: error: ', 'everynode: ')}\n`);
  process.exitCode = usage ? refusedExitCode : exitCode;
}
