#!/usr/bin/env node
// Starts the command line on a Node that can run it. Plain JavaScript that Node 20 understands, so that an old Node
// gets a clear sentence (or the bundled newer Node) and never a syntax error.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = 24;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src', 'cli', 'main.ts');
const built = join(root, 'dist', 'cli', 'main.js');
// A checkout runs its sources; the published package carries JavaScript (Node strips no types under node_modules).
const main = existsSync(source) ? source : built;

if (Number(process.versions.node.split('.')[0]) >= needed) {
  // Half of a start is reading our own source. Kept beside it, where only those may write who may write the source; where
  // nobody may, every start is like the first.
  nodeModule.enableCompileCache(join(root, '.cache'));
  await import(main);
} else {
  const bundled = bundledNode();
  if (bundled === undefined) {
    process.stderr.write(
      `everynode needs Node.js ${needed} or newer (this is ${process.versions.node}), and no bundled one was installed for ${process.platform}-${process.arch}.\n`,
    );
    process.exit(2);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches the whole foreground group by itself; these are for `kill`.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** The Node that came as an optional dependency, if npm installed the one for this platform. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
