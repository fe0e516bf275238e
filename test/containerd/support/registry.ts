// A registry on a loopback port that lets in one user: what `docker push` would have put there, as containerd pulls it.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildImage, type ImageOptions } from '../../../scripts/build-image.ts';

export interface Registry {
  /** `127.0.0.1:40123` */
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

/** Serves one image under any name and tag. */
export async function startRegistry(t: TestContext, image: ImageOptions): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-registry-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const archive = join(directory, 'image.tar');
  writeFileSync(archive, buildImage(image));
  execFileSync('tar', ['-xf', archive, '-C', directory]);
  const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as Index;
  const { digest, mediaType } = index.manifests[0]!;
  const blobs = join(directory, 'blobs', 'sha256');
  const known = new Set(readdirSync(blobs).map((hex) => `sha256:${hex}`));
  const [user, password] = ['somebody', 'geheim'];
  const allowed = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  const server = createServer((request, response) => {
    if (request.headers.authorization !== allowed) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const [, kind, reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const wanted = kind === 'manifests' && !reference.startsWith('sha256:') ? digest : reference;
    if (!known.has(wanted)) {
      response.writeHead(request.url === '/v2/' ? 200 : 404).end();
      return;
    }
    const body = readFileSync(join(blobs, wanted.slice('sha256:'.length)));
    response.writeHead(200, {
      'content-type': kind === 'manifests' ? mediaType : 'application/octet-stream',
      'content-length': body.length,
      'docker-content-digest': wanted,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, user, password };
}

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}
