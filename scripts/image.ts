// Builds the image that `everynode install` runs: Node.js from npm, the few libraries it needs from the Debian packages
// of this machine, and what `npm run build` made. No docker, no registry; the same inputs make the same bytes.
// `npm run image` writes everynode.tar; `ctr -n k8s.io images import everynode.tar` brings it onto a node.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultImage } from '../src/cli/install/options.ts';
import { buildImage, type ImageFile } from './build-image.ts';

const root = join(import.meta.dirname, '..');
const home = '/opt/everynode';
/** Nobody in particular, as the pod's security context says. */
const user = '65532:65532';
/** Of no use when it runs. What says whose it is stays. */
const leftOut = /\.(map|md|markdown|d\.ts|d\.mts|d\.cts|ts|mts|cts|flow)$|(^|\/)(test|tests|__tests__|\.github)\//i;
const legal = /^(licen[cs]e|notice|copying|authors)/i;

export interface BuiltImage {
  readonly tag: string;
  readonly tar: Buffer;
}

/** `dist`: where `npm run build` put its JavaScript. Throws, with what is missing, on a machine that is not Debian's. */
export function buildEverynodeImage(dist: string): BuiltImage {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; license: string };
  const tag = defaultImage(manifest.version);
  const node = nodeBinary();
  const tar = buildImage({
    tag,
    base: [runtimeFiles(node), dependencyFiles()],
    files: applicationFiles(dist),
    compress: true,
    // A young generation of some 8 MB instead of 64: 40 MB less, for no more CPU (docs/performance.md).
    entrypoint: ['/usr/local/bin/node', '--max-semi-space-size=4', `${home}/bin/everynode.js`],
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', NODE_ENV: 'production' },
    workingDirectory: '/',
    user,
    labels: {
      'org.opencontainers.image.title': 'everynode',
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
    },
  });
  return { tag, tar };
}

function nodeBinary(): string {
  const binary = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (!existsSync(binary)) throw new Error(`no ${relative(root, binary)}: npm ci brings it`);
  return binary;
}

/** Node, what the dynamic linker loads for it, and the files that every program expects. */
function runtimeFiles(node: string): readonly ImageFile[] {
  const text = (path: string, content: string) => ({ path, content: Buffer.from(content), mode: 0o644 });
  return sorted([
    { path: '/usr/local/bin/node', content: readFileSync(node) },
    { path: '/usr/local/share/doc/node/LICENSE', content: readFileSync(join(node, '../../LICENSE')), mode: 0o644 },
    ...libraryFiles(node),
    text('/etc/passwd', 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n'),
    text('/etc/group', 'root:x:0:\nnonroot:x:65532:\n'),
    text('/etc/nsswitch.conf', 'hosts: files dns\n'),
    { path: '/tmp/', mode: 0o1777 },
  ]);
}

/** The libraries under the names that the linker asks for, each from a Debian package, with its licence. */
function libraryFiles(binary: string): readonly ImageFile[] {
  const lines = execFileSync('ldd', [binary], { encoding: 'utf8' }).split('\n');
  // `libm.so.6 => /lib/…/libm.so.6 (0x…)`, and the linker itself as `/lib64/ld-linux-x86-64.so.2 (0x…)`.
  const asked = lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  // Name services are loaded by name when a host is looked up.
  const beside = dirname(asked.find((path) => basename(path) === 'libc.so.6') ?? '/lib/libc.so.6');
  const paths = [...asked, ...['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'].map((so) => join(beside, so))];
  const packages = new Set(paths.map(packageOf));
  return [
    ...paths.map((path) => ({ path, content: readFileSync(path) })),
    ...[...packages].map((name) => {
      const copyright = `/usr/share/doc/${name}/copyright`;
      return { path: copyright, content: readFileSync(copyright), mode: 0o644 };
    }),
  ];
}

/** The Debian package that a file comes from: nothing goes in of which nobody knows whence it is. */
function packageOf(path: string): string {
  // Packages name files as they were before /lib became a link to /usr/lib, or after.
  for (const candidate of [path, realpathSync(path), realpathSync(path).replace(/^\/usr/, '')]) {
    try {
      const found = execFileSync('dpkg', ['-S', candidate], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return found.split(':')[0]!;
    } catch {
      // Not under this name.
    }
  }
  throw new Error(`${path} is in no Debian package: the image is built on a Debian machine`);
}

/** What runs beside our own code; Node is in the image already. */
function dependencyFiles(): readonly ImageFile[] {
  const args = ['ls', '--omit=dev', '--all', '--parseable'];
  const npm = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const directories = npm
    .trim()
    .split('\n')
    .filter((path) => path !== root && !/\/node-linux-[^/]+$|\/@types\//.test(path));
  const kept = (name: string) =>
    !name.startsWith('node_modules/') && (legal.test(basename(name)) || !leftOut.test(name));
  return sorted(
    [...new Set(directories)].flatMap((directory) => filesOf(directory, `${home}/${relative(root, directory)}`, kept)),
  );
}

function applicationFiles(dist: string): readonly ImageFile[] {
  const single = ['package.json', 'LICENSE', 'bin/everynode.js'];
  return sorted([
    ...single.map((name) => imageFile(join(root, name), `${home}/${name}`)),
    ...filesOf(dist, `${home}/dist`, (name) => /\.js(on)?$/.test(name)),
  ]);
}

/** The wanted files of a folder, under another one in the image. */
function filesOf(directory: string, to: string, wanted: (name: string) => boolean): readonly ImageFile[] {
  return globSync('**/*', { cwd: directory })
    .filter((name) => wanted(name) && statSync(join(directory, name)).isFile())
    .map((name) => imageFile(join(directory, name), `${to}/${name}`));
}

function imageFile(from: string, path: string): ImageFile {
  return { path, content: readFileSync(from), mode: 0o644 };
}

function sorted(files: readonly ImageFile[]): readonly ImageFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function main(): void {
  const { values } = parseArgs({
    options: {
      dist: { type: 'string', default: join(root, 'dist') },
      output: { type: 'string', default: join(root, 'everynode.tar') },
    },
  });
  const { tag, tar } = buildEverynodeImage(values.dist);
  writeFileSync(values.output, tar);
  const digest = createHash('sha256').update(tar).digest('hex');
  process.stdout.write(`${tag} in ${values.output}: ${Math.ceil(tar.length / 1e6)} MB, sha256:${digest}\n`);
}

if (import.meta.main) main();
