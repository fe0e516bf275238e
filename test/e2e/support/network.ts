// A network of two: this machine, and a namespace of its own on the other end of a cable that can be pulled.
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

const ip = (process.env.PATH ?? '')
  .split(delimiter)
  .concat('/usr/sbin', '/sbin')
  .map((directory) => join(directory, 'ip'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
if (ip === undefined && process.env.CI === 'true') throw new Error('CI needs ip: install iproute2');
const isRoot = process.getuid?.() === 0;

/** Options for tests that need it: skipped, saying so, where it is not there or not allowed. */
export const needsNetwork: { readonly skip?: string } =
  ip === undefined
    ? { skip: 'no ip on this machine (install iproute2)' }
    : isRoot
      ? {}
      : { skip: 'only root makes network namespaces' };

export interface Network {
  /** This machine's address on the cable. */
  readonly here: string;
  /** The address at the other end. */
  readonly there: string;
  /** What a command is preceded by to run at the other end. */
  readonly run: readonly [program: string, ...args: string[]];
  /** Nothing gets through any more, and nobody is told. */
  cut(): void;
  mend(): void;
}

/** Of 10.213.0.0/16, one that this machine has no address in: a test that was killed may have left its own. */
function freeNetwork(): number {
  const taken = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  for (let number = 1; number < 255; number++)
    if (!taken.some((address) => address.startsWith(`10.213.${number}.`))) return number;
  throw new Error('all of 10.213.0.0/16 is taken');
}

/** Gone when the test ends. */
export function createNetwork(context: TestContext): Network {
  const number = freeNetwork();
  const name = `everynode-${process.pid}-${number}`;
  const [mine, theirs] = [`ev${process.pid}a${number}`.slice(-15), `ev${process.pid}b${number}`.slice(-15)];
  const [here, there] = [`10.213.${number}.1`, `10.213.${number}.2`];
  const call = (...args: string[]) => void execFileSync(ip!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  // Whatever the machine has for the world: there is no proxy on this cable.
  process.env['NO_PROXY'] = '*';
  call('netns', 'add', name);
  context.after(() => call('netns', 'delete', name));
  call('link', 'add', mine, 'type', 'veth', 'peer', 'name', theirs, 'netns', name);
  call('address', 'add', `${here}/24`, 'dev', mine);
  call('link', 'set', mine, 'up');
  call('-n', name, 'address', 'add', `${there}/24`, 'dev', theirs);
  call('-n', name, 'link', 'set', theirs, 'up');
  call('-n', name, 'link', 'set', 'lo', 'up');
  return {
    here,
    there,
    run: [ip!, 'netns', 'exec', name],
    // At the other end: with our own end down its route would go, and what is sent would go elsewhere.
    cut: () => call('-n', name, 'link', 'set', theirs, 'down'),
    mend: () => call('-n', name, 'link', 'set', theirs, 'up'),
  };
}
