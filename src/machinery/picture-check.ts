// Does a reflector's picture say what a fresh list says? A difference is not yet an error: the list may be older than the
// picture, or the picture's watch may be on its way to what the list has. By the versions it can be told from when on
// the picture has to agree. Decides only; whoever asks lists, waits and heals.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

/** What tells one version of an object from another. */
export interface Identity {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

export type DriftKind =
  /** The list has it, the picture has not. */
  | 'missing'
  /** The picture has it, the list has not. */
  | 'extra'
  /** The picture has an older version than the list. */
  | 'stale';

export interface Difference {
  readonly kind: DriftKind;
  readonly key: string;
  readonly uid: string | undefined;
  /** A picture of at least this version must agree with the list about this object. */
  readonly version: number;
}

/** Undefined when the server's versions are no numbers, or none: then nothing can be said. */
export function versionNumber(text: string | undefined): number | undefined {
  const version = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(version) ? version : undefined;
}

/** @param mayBeListed whether an object of the picture is one that the list would have */
export function findDifferences<I extends Identity>(
  listed: ReadonlyMap<string, Identity>,
  listedVersion: number,
  picture: ReadonlyMap<string, I>,
  mayBeListed: (held: I) => boolean,
): readonly Difference[] {
  const found: Difference[] = [];
  for (const [key, { uid, resourceVersion }] of listed) {
    const version = versionNumber(resourceVersion);
    if (version === undefined) continue;
    const held = picture.get(key);
    const kind = held === undefined || held.uid !== uid ? 'missing' : 'stale';
    const difference: Difference = { kind, key, uid, version };
    if (!agrees(difference, held)) found.push(difference);
  }
  for (const [key, held] of picture) {
    if (listed.has(key) || !mayBeListed(held)) continue;
    const difference: Difference = { kind: 'extra', key, uid: held.uid, version: listedVersion };
    if (!agrees(difference, held)) found.push(difference);
  }
  return found;
}

/** Whether the picture agrees with the list by now, or is ahead of it. */
export function agrees({ kind, uid, version }: Difference, held: Identity | undefined): boolean {
  const heldVersion = versionNumber(held?.resourceVersion) ?? 0;
  const same = held !== undefined && held.uid === uid;
  switch (kind) {
    case 'missing':
      return same || (held !== undefined && heldVersion > version);
    case 'stale':
      return !same || heldVersion >= version;
    case 'extra':
      return !same || heldVersion > version;
  }
}
