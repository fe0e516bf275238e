// Makes a release out of a commit: `npm run release -- --output release`. A clean clone of that commit is installed from
// the lock file and built; out come the npm package, the image, the bill of materials (CycloneDX), a statement of where it
// all came from (SLSA provenance in an in-toto statement), and the digests of everything. It publishes and signs nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Artefact, billOf, checksums, type LockFile, provenanceOf } from './release-papers.ts';

const root = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: 'release' },
    commit: { type: 'string', default: 'HEAD' },
    /** Where there are no Debian packages to build it of. */
    'no-image': { type: 'boolean', default: false },
    /** Takes this checkout's node_modules instead of installing them anew: for tests, not for releases. */
    'installed-modules': { type: 'boolean', default: false },
  },
});

const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Its output goes to stderr: stdout is for what was made. */
function run(directory: string, program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd: directory, stdio: ['ignore', process.stderr, process.stderr] });
}

function release(clone: string, output: string): void {
  const startedOn = new Date().toISOString();
  const commit = git('rev-parse', '--verify', `${values.commit}^{commit}`);
  run(root, 'git', 'clone', '--quiet', '--no-local', root, clone);
  run(clone, 'git', 'checkout', '--quiet', '--detach', commit);
  if (values['installed-modules']) symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  else run(clone, 'npm', 'ci', '--ignore-scripts');
  mkdirSync(output, { recursive: true });
  if (readdirSync(output).length > 0) throw new Error(`${output} is not empty`);

  const { name, version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as Record<string, string>;
  const base = `${name}-${version}`;
  const write = (file: string, content: string) => writeFileSync(join(output, file), content);
  run(clone, 'npm', 'pack', '--silent', '--pack-destination', output);
  if (!values['no-image'])
    run(clone, process.execPath, 'scripts/image.ts', '--output', join(output, `${base}-image-${process.arch}.tar`));
  const sbom = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bill = execFileSync('npm', sbom, { cwd: clone, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const lock = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8')) as LockFile;
  write(
    `${base}.cdx.json`,
    billOf(bill, lock, { name: name!, version: version!, commit, committedAt: committedAt(commit) }),
  );

  const statement = provenanceOf(artefactsIn(output), {
    name: name!,
    commit,
    lockFileSha256: sha256(readFileSync(join(clone, 'package-lock.json'))),
    modulesInstalledAnew: !values['installed-modules'],
    versions: { node: process.versions.node, npm: execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim() },
    startedOn,
    finishedOn: new Date().toISOString(),
  });
  write(`${base}.provenance.json`, `${JSON.stringify(statement, undefined, 2)}\n`);
  write('SHA256SUMS', checksums(artefactsIn(output)));
  say(`${base} of ${commit} in ${output}:`);
  for (const { file, sha256: digest } of artefactsIn(output)) say(`${digest}  ${file}`);
}

const committedAt = (commit: string) =>
  new Date(Number(git('show', '-s', '--format=%ct', commit)) * 1000).toISOString();
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const artefactsIn = (directory: string): readonly Artefact[] =>
  readdirSync(directory)
    .toSorted()
    .map((file) => ({ file, sha256: sha256(readFileSync(join(directory, file))) }));

const scratch = mkdtempSync(join(tmpdir(), 'everynode-release-'));
try {
  release(join(scratch, 'source'), resolve(values.output));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
