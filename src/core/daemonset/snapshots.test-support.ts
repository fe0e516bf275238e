// A made-up cluster in one moment: a DaemonSet with two revisions, and pods of either.
import type { ControllerRevision, DaemonSet, Stored } from '../../api/index.ts';
import { daemonSet, node, pod } from './builders.test-support.ts';
import { hashOf, newRevision } from './revision.ts';
import type { Snapshot } from './survey.ts';
import type { PodView } from './views.ts';

function revisionFor(set: Stored<DaemonSet>, number: number): Stored<ControllerRevision> {
  const { metadata, ...made } = newRevision(set, number, 0);
  const { name = '' } = metadata;
  const stored = { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { ...made, metadata: { ...metadata, ...stored } };
}

export const image = (tag: string) => ({ containers: [{ name: 'main', image: tag }] });
export const older = revisionFor(daemonSet({}, image('daemon:0')), 1);
export const newest = revisionFor(daemonSet({}, image('daemon:1')), 2);
export const [old, fresh] = [hashOf(older), hashOf(newest)];

export function snapshot(spec: Partial<DaemonSet['spec']>, changes: Partial<Snapshot>): Snapshot {
  const base = { nodes: [node()], pods: [], revisions: [older, newest], policy: undefined };
  return { daemonSet: daemonSet(spec), ...base, ...changes };
}

/** A pod of the newest revision. */
export const right = (name: string, changes: Partial<PodView> = {}) => pod(name, { revision: fresh, ...changes });
export const outdated = (name: string, changes: Partial<PodView> = {}) => pod(name, { revision: old, ...changes });
