// What real kube-controller-managers wrote, with the templates as their API servers served them (recorded/).
import { readFileSync } from 'node:fs';
import { decodeJson, type PodTemplateSpec } from '../../api/index.ts';

export interface Recorded {
  readonly daemonSet: string;
  readonly template: PodTemplateSpec;
  readonly revisions: readonly RecordedRevision[];
}

export interface RecordedRevision {
  readonly name: string;
  readonly hash: string;
  readonly revision: number;
  /** The bytes that were written. */
  readonly data: string;
}

/** 1.34 was the first to leave `"creationTimestamp":null` out. */
export type RecordedVersion = '1.25' | '1.36';
export const recordedVersions: readonly RecordedVersion[] = ['1.25', '1.36'];

export function recordedBy(version: RecordedVersion): readonly Recorded[] {
  const file = new URL(`recorded/kube-controller-manager-${version}.json`, import.meta.url);
  return decodeJson(readFileSync(file, 'utf8')) as readonly Recorded[];
}
