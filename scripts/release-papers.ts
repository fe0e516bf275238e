// What a release says of itself: its bill of materials, where it came from, and its digests. Pure.
import { createHash } from 'node:crypto';

export interface Artefact {
  readonly file: string;
  readonly sha256: string;
}

export interface Source {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  /** RFC 3339. */
  readonly committedAt: string;
}

interface Component {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
}

interface Bill {
  metadata: { timestamp: string; component: { readonly 'bom-ref': string } };
  serialNumber: string;
  components: readonly Component[];
  dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

export interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}

/** `name@version` of every package that is there in production too. */
export function productionPackages({ packages }: LockFile): ReadonlySet<string> {
  const entries = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  return new Set(entries.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`));
}

/**
 * npm's bill of everything, without what is for development only, and with the time and the number of the commit instead
 * of the moment's: the same commit has the same bill. (npm's own `--omit dev` leaves out what production shares with it.)
 */
export function billOf(npmBill: string, lock: LockFile, { name, version, commit, committedAt }: Source): string {
  const bill = JSON.parse(npmBill) as Bill;
  const production = productionPackages(lock);
  const full = ({ group, name, version }: Component) => `${group === undefined ? '' : `${group}/`}${name}@${version}`;
  bill.components = bill.components.filter((component) => production.has(full(component)));
  const refs = new Set([bill.metadata.component['bom-ref'], ...bill.components.map((one) => one['bom-ref'])]);
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const number = createHash('sha256').update(`${name}@${version} ${commit}`).digest('hex');
  // The layout of a version 8 UUID (RFC 9562): everything but six bits is ours.
  const uuid = [number.slice(0, 8), number.slice(8, 12), `8${number.slice(13, 16)}`, `a${number.slice(17, 20)}`];
  bill.serialNumber = `urn:uuid:${[...uuid, number.slice(20, 32)].join('-')}`;
  const component = { ...bill.metadata.component, name };
  bill.metadata = { ...bill.metadata, timestamp: committedAt, component };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

export interface Build {
  readonly name: string;
  readonly commit: string;
  readonly lockFileSha256: string;
  /** With `npm ci` from the lock file, not taken from a checkout. */
  readonly modulesInstalledAnew: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly startedOn: string;
  readonly finishedOn: string;
}

/** https://slsa.dev/spec/v1.0/provenance in https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export function provenanceOf(artefacts: readonly Artefact[], build: Build) {
  const { name, commit, lockFileSha256, modulesInstalledAnew, versions, startedOn, finishedOn } = build;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: artefacts.map(({ file, sha256 }) => ({ name: file, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://everynode.dev/release/v1',
        externalParameters: { source: name, commit },
        internalParameters: { command: 'npm run release', modulesInstalledAnew },
        resolvedDependencies: [
          { name, digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockFileSha256 } },
        ],
      },
      runDetails: {
        builder: { id: 'https://everynode.dev/release/by-hand', version: versions },
        metadata: { invocationId: `${commit}@${startedOn}`, startedOn, finishedOn },
      },
    },
  };
}

/** As `sha256sum --check` reads it. */
export function checksums(artefacts: readonly Artefact[]): string {
  return artefacts.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join('');
}
