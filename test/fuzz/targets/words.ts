// What people write: selectors, quantities, YAML, kubeconfigs, manifests, arguments, rules of misbehaviour. Each is
// understood or refused in the way that is promised for it; what is written back and read again is the same.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { parseMisbehaviourRule } from '../../../src/agent/index.ts';
import {
  parseLabelSelector,
  parseQuantity,
  parseQuantityMilli,
  sameQuantity,
  StatusError,
} from '../../../src/api/index.ts';
import { canonicalQuantity } from '../../../src/apiserver/schema/quantity.ts';
import { controllerCommand } from '../../../src/cli/commands/controller.ts';
import { installCommand } from '../../../src/cli/commands/install.ts';
import { upCommand } from '../../../src/cli/commands/up.ts';
import { Refusal } from '../../../src/cli/failure.ts';
import { readManifests } from '../../../src/cli/manifests.ts';
import { KubeconfigError, loadKubeconfig } from '../../../src/client/index.ts';
import { createVirtualClock, formatYaml, parseYaml, YamlError } from '../../../src/machinery/index.ts';
import { corpus } from '../support/corpus.ts';
import { hostileValue, mutateText, mutateValue } from '../support/mutate.ts';
import { createRng } from '../support/rng.ts';
import { simple, type Target } from '../support/target.ts';

/** Runs it, and lets only these errors pass; undefined then. */
async function understands<T>(
  run: () => T | Promise<T>,
  isRefusal: (error: unknown) => boolean,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

export const selectors = simple('selectors', async (seed) => {
  const rng = createRng(seed);
  const good = ['a=b', 'app in (a,b),!x,y', 'a!=b', 'n>1,m<5', 'x notin (a)', 'a==b'];
  const text = mutateText(rng, rng.pick(good));
  const select = await understands(
    () => parseLabelSelector(text),
    (error) => error instanceof StatusError && error.code === 400,
  );
  if (select !== undefined) for (const labels of [undefined, {}, { a: 'b', app: 'a', n: '7' }]) select(labels);
});

export const quantities = simple('quantities', (seed) => {
  const rng = createRng(seed);
  const text = mutateText(rng, rng.pick(['100m', '1.5Gi', '-2', '1e3', '.5', '12E', '0.000001', '1025Ki', '9e18']));
  const canonical = canonicalQuantity(text);
  parseQuantity(text);
  parseQuantityMilli(text);
  if (canonical === undefined) return;
  assert.equal(canonicalQuantity(canonical), canonical, `${text} → ${canonical} is not the end of it`);
  assert.ok(parseQuantity(text) !== undefined, `${text} is a quantity here and none there`);
  // What is finer than a nano is rounded; a number that large cannot tell.
  const value = Math.abs(parseQuantity(text)!);
  const isFinerThanNano = value % 1 > 0 || value > Number.MAX_SAFE_INTEGER;
  if (!isFinerThanNano) assert.ok(sameQuantity(text, canonical), `${text} is not ${canonical}`);
});

export const yaml = simple('yaml', async (seed) => {
  const rng = createRng(seed);
  const value = rng.chance(0.5) ? mutateValue(rng, rng.pick(corpus)) : hostileValue(rng);
  const json = JSON.parse(JSON.stringify(value ?? null)) as unknown;
  const text = formatYaml(json);
  // What is nested deeper than the reader goes is not written by anybody.
  const isDeep = (error: unknown) => error instanceof YamlError && error.message.includes('maxDepth');
  const read = await understands(() => parseYaml(text), isDeep);
  if (read !== undefined) assert.deepEqual(read, [json], text.slice(0, 200));
  await understands(
    () => parseYaml(mutateText(rng, text)),
    (error) => error instanceof YamlError,
  );
});

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true } }],
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a', namespace: 'x' } }],
  users: [{ name: 'a', user: { token: 't' } }],
};

/** Files are written into a directory that goes when all is done. */
function ofFiles(name: string, run: (path: string, seed: number) => Promise<void>): Target {
  return {
    name,
    open() {
      const directory = mkdtempSync(join(tmpdir(), 'everynode-fuzz-'));
      const path = join(directory, 'file.yaml');
      return Promise.resolve({
        run: (seed: number) => run(path, seed),
        close: () => Promise.resolve(rmSync(directory, { recursive: true })),
      });
    },
  };
}

export const kubeconfigs = ofFiles('kubeconfigs', async (path, seed) => {
  const rng = createRng(seed);
  const text = formatYaml(rng.chance(0.7) ? mutateValue(rng, kubeconfig) : kubeconfig);
  writeFileSync(path, rng.chance(0.5) ? mutateText(rng, text) : text);
  const clock = createVirtualClock();
  await understands(
    () => loadKubeconfig({ path, clock, environment: {} }),
    (error) => error instanceof KubeconfigError,
  );
});

export const manifests = ofFiles('manifests', async (path, seed) => {
  const rng = createRng(seed);
  const documents = Array.from({ length: 1 + rng.few(3) }, () =>
    formatYaml(rng.chance(0.5) ? rng.pick(corpus) : mutateValue(rng, rng.pick(corpus))),
  );
  const text = documents.join('---\n');
  writeFileSync(path, rng.chance(0.5) ? mutateText(rng, text) : text);
  const found = await understands(
    () => readManifests(path),
    (error) => error instanceof Refusal,
  );
  for (const manifest of found ?? []) {
    assert.ok(manifest.kind !== '' && manifest.apiVersion !== '' && manifest.metadata.name !== '');
    JSON.stringify(manifest);
  }
});

const words = [
  '--nodes',
  '3',
  '--nodes=',
  '-1',
  '1e3',
  '--port',
  '0',
  '65536',
  '--memory',
  '--data-dir',
  '',
  '--apply',
  'x.yaml',
  '--simulate',
  'image=*: CrashLoopBackOff',
  '--controllers',
  '*,-daemonset',
  '--host',
  '::1',
  '--log-level',
  'debug',
  'loud',
  '--',
  '-',
  '--no-table',
  '--leader-elect=false',
  '--leader-elect-lease-duration',
  '15s',
  '1h1m',
  '--self-check-interval',
  '0s',
  '--concurrency',
  '0',
  '9'.repeat(400),
  '--etcd-servers',
  'http://127.0.0.1:1',
  '--help',
  '--namespace',
  '--image',
  '__proto__',
  '--runtime',
  'containerd',
  '--event-ttl',
  '5m',
] as const;

export const argumentsOf = simple('arguments', async (seed) => {
  const rng = createRng(seed);
  const command: Command = rng.pick([upCommand, controllerCommand, installCommand])('0.0.0');
  const silent = { writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined };
  command
    .exitOverride()
    .configureOutput(silent)
    .action(() => undefined);
  const given = Array.from({ length: rng.few(8) }, () =>
    rng.chance(0.3) ? mutateText(rng, rng.pick(words)) : rng.pick(words),
  );
  await understands(
    () => command.parseAsync(given, { from: 'user' }),
    (error) => error instanceof CommanderError || error instanceof Refusal,
  );
});

export const rules = simple('rules', async (seed) => {
  const rng = createRng(seed);
  const good = [
    'image=*:broken: ImagePullBackOff',
    'node=node-2: Dead',
    'pod=a: CrashLoopBackOff after 30s',
    'start 5s',
  ];
  const text = mutateText(rng, rng.pick(good));
  // A sentence for the user, not one of JavaScript's own.
  await understands(
    () => parseMisbehaviourRule(text),
    (error) => error instanceof Error && !(error instanceof TypeError || error instanceof RangeError),
  );
});
