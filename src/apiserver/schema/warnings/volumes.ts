// Volumes: kinds that no longer do anything, and files of one volume that lie on each other.
import type { JsonObject } from '../json.ts';
import { list, optional, struct, text } from '../read.ts';
import { fractionalBytes } from './quantities.ts';

const outdated: readonly (readonly [string, string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

/** How upstream's paths spell what JSON spells otherwise. */
const spelled: Readonly<Record<string, string>> = { storageos: 'storageOS' };

export function volumeWarnings(path: string, volumes: readonly JsonObject[]): readonly string[] {
  const kinds = volumes.flatMap((volume, index) => {
    const at = `${path}.volumes[${index}]`;
    const claim = struct(struct(struct(volume, 'ephemeral'), 'volumeClaimTemplate'), 'spec');
    const resources = struct(claim, 'resources');
    const claimPath = `${at}.ephemeral.volumeClaimTemplate.spec.resources`;
    return [
      ...outdated
        .filter(([field]) => optional(volume, field) !== undefined)
        .map(([field, message]) => `${at}.${spelled[field] ?? field}: ${message}`),
      ...fractionalBytes(`${claimPath}.requests`, struct(resources, 'requests'), ['storage']),
      ...fractionalBytes(`${claimPath}.limits`, struct(resources, 'limits'), ['storage']),
    ];
  });
  return [...kinds, ...volumes.flatMap(overlaps)];
}

/** As many files of one volume are compared with each other: a body costs what it weighs. */
const filesComparedMax = 500;

interface File {
  readonly path: string;
  readonly source: string;
}

function overlaps(volume: JsonObject): readonly string[] {
  const name = text(volume, 'name');
  const say = (what: string, pairs: readonly string[]) =>
    pairs.map((pair) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${pair}`);
  const projected = optional(volume, 'projected');
  const sources = list(projected ?? {}, 'sources');
  return [
    ...say(`ConfigMap ${JSON.stringify(nameOf(volume, 'configMap', 'name'))}`, meetings(filesOf(volume, 'configMap'))),
    ...say(`Secret ${JSON.stringify(nameOf(volume, 'secret', 'secretName'))}`, meetings(filesOf(volume, 'secret'))),
    ...say('DownwardAPI', meetings(filesOf(volume, 'downwardAPI'))),
    ...sources
      .filter((source) => Object.keys(source).length === 0)
      .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
    ...say('Projected', meetings(sources.flatMap(projectedFiles))),
  ];
}

function nameOf(volume: JsonObject, kind: string, field: string): string {
  return text(struct(volume, kind), field);
}

function filesOf(volume: JsonObject, kind: string, source = ''): readonly File[] {
  return list(struct(volume, kind), 'items').map((item) => ({ path: text(item, 'path'), source }));
}

function projectedFiles(source: JsonObject): readonly File[] {
  const token = optional(source, 'serviceAccountToken');
  const bundle = optional(source, 'clusterTrustBundle');
  return [
    ...filesOf(source, 'configMap', `ConfigMap ${JSON.stringify(nameOf(source, 'configMap', 'name'))}`),
    ...filesOf(source, 'secret', `Secret ${JSON.stringify(nameOf(source, 'secret', 'name'))}`),
    ...filesOf(source, 'downwardAPI', 'DownwardAPI'),
    ...(token === undefined ? [] : [{ path: text(token, 'path'), source: 'ServiceAccountToken' }]),
    ...(bundle === undefined
      ? []
      : [
          {
            path: text(bundle, 'path'),
            source: `ClusterTrustBundle ${JSON.stringify(text(bundle, 'name') || text(bundle, 'signerName'))}`,
          },
        ]),
  ];
}

/** Pairs of files where one is the other, or lies in what would have to be a directory. */
function meetings(files: readonly File[]): readonly string[] {
  const trimmed = files
    .slice(0, filesComparedMax)
    .map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  return trimmed.flatMap((file, index) =>
    trimmed
      .slice(0, index)
      .filter(({ path }) => path !== '' && file.path !== '' && lieOnEachOther(path, file.path))
      .map((other) => `${shown(file)} with ${shown(other)}`),
  );
}

function lieOnEachOther(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function shown({ path, source }: File): string {
  return source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
}
