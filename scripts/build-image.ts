// Builds a small OCI image from files, without docker and without a registry: what tests and examples run in containers.
// `node scripts/build-image.ts --tag localhost/tools:1 --output tools.tar --busybox /bin/busybox -- /bin/sh` and then
// `ctr -n k8s.io images import tools.tar`. The same input makes the same bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

export interface ImageFile {
  /** Absolute path in the image. */
  readonly path: string;
  /** Content, or where a symbolic link points. */
  readonly content?: Buffer;
  readonly linkTo?: string;
  /** 0o755 unless said otherwise. */
  readonly mode?: number;
}

export interface ImageOptions {
  /** `localhost/tools:1` */
  readonly tag: string;
  readonly files: readonly ImageFile[];
  /** Layers beneath that of the files, the lowest first: what seldom changes is moved and kept once. */
  readonly base?: readonly (readonly ImageFile[])[];
  /** Takes a second for every 20 MB, and saves two thirds of them. */
  readonly compress?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: string;
}

const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The image as a tar file in OCI layout. */
export function buildImage(options: ImageOptions): Buffer {
  const layers = [...(options.base ?? []), options.files].map((files) => tar(withDirectories(files)));
  const zip = options.compress === true;
  const blobs = zip ? layers.map((layer) => gzipSync(layer)) : layers;
  const config = json({
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      Env: Object.entries({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.environment }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      ...(options.entrypoint === undefined ? {} : { Entrypoint: options.entrypoint }),
      ...(options.command === undefined ? {} : { Cmd: options.command }),
      ...(options.workingDirectory === undefined ? {} : { WorkingDir: options.workingDirectory }),
      ...(options.user === undefined ? {} : { User: options.user }),
      ...(options.labels === undefined ? {} : { Labels: options.labels }),
    },
    // Of the layers as they are unpacked, whether they are compressed or not.
    rootfs: { type: 'layers', diff_ids: layers.map(digest) },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: blobs.map((blob) => descriptor(`application/vnd.oci.image.layer.v1.tar${zip ? '+gzip' : ''}`, blob)),
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        // containerd names the image by the first, others by the second.
        annotations: {
          'io.containerd.image.name': options.tag,
          'org.opencontainers.image.ref.name': options.tag.slice(options.tag.lastIndexOf(':') + 1),
        },
      },
    ],
  });
  return tar([
    { path: '/oci-layout', content: json({ imageLayoutVersion: '1.0.0' }), mode: 0o644 },
    { path: '/index.json', content: index, mode: 0o644 },
    ...[...blobs, config, manifest].map((blob) => ({
      path: `/blobs/sha256/${digest(blob).slice('sha256:'.length)}`,
      content: blob,
      mode: 0o644,
    })),
  ]);
}

/** Busybox and its applets as links: a shell and the usual tools in one file. */
export function busyboxFiles(busybox: string): readonly ImageFile[] {
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return [
    { path: '/bin/busybox', content: readFileSync(busybox) },
    ...applets.filter((name) => name !== 'busybox').map((name) => ({ path: `/bin/${name}`, linkTo: '/bin/busybox' })),
    { path: '/etc/passwd', content: Buffer.from('root:x:0:0:root:/root:/bin/sh\n'), mode: 0o644 },
    { path: '/etc/group', content: Buffer.from('root:x:0:\n'), mode: 0o644 },
    // Sticky and for everybody, as on any machine; a directory is a path with a slash at its end.
    { path: '/tmp/', mode: 0o1777 },
  ];
}

function withDirectories(files: readonly ImageFile[]): readonly ImageFile[] {
  const made = new Set(files.map(({ path }) => path));
  const parents = files.flatMap(({ path }) => {
    const names = path.split('/').slice(1, path.endsWith('/') ? -2 : -1);
    return names.map((_, depth) => `/${names.slice(0, depth + 1).join('/')}/`);
  });
  const missing = [...new Set(parents)].filter((path) => !made.has(path));
  return [...missing.map((path) => ({ path })), ...files];
}

function tar(files: readonly ImageFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const content = file.content ?? Buffer.alloc(0);
    return [header(file, content.length), content, Buffer.alloc(padding(content.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function padding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** A POSIX ustar header: owner root, time 0. */
function header({ path, linkTo, mode = 0o755 }: ImageFile, bytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const [prefix, name] = splitName(path.slice(1));
  if (Buffer.byteLength(linkTo ?? '') > nameBytes) throw new Error(`a link that does not fit a tar header: ${linkTo}`);
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(bytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(linkTo === undefined ? (path.endsWith('/') ? '5' : '0') : '2', 156);
  block.write(linkTo ?? '', 157);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A header has room for a name and for the folders before it. */
function splitName(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= nameBytes) return ['', path];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= prefixBytes && Buffer.byteLength(name) <= nameBytes && name !== '')
      return [prefix, name];
  }
  throw new Error(`a path that does not fit a tar header: ${path}`);
}

function digest(blob: Buffer): string {
  return `sha256:${createHash('sha256').update(blob).digest('hex')}`;
}

function descriptor(mediaType: string, blob: Buffer) {
  return { mediaType, digest: digest(blob), size: blob.length };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function main(): void {
  const { values, positionals: command } = parseArgs({
    allowPositionals: true,
    options: {
      tag: { type: 'string' },
      output: { type: 'string' },
      busybox: { type: 'string' },
      /** `host path=path in the image` */
      file: { type: 'string', multiple: true, default: [] },
    },
  });
  const { tag, output, busybox, file } = values;
  if (tag === undefined || output === undefined) throw new Error('--tag and --output are needed');
  const files = file.map((pair) => {
    const [from = '', to = from] = pair.split('=');
    return { path: to, content: readFileSync(from) };
  });
  const image = buildImage({
    tag,
    files: [...(busybox === undefined ? [] : busyboxFiles(busybox)), ...files],
    ...(command.length === 0 ? {} : { command }),
  });
  writeFileSync(output, image);
}

if (import.meta.main) main();
