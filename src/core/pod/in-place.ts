// What of a pod's spec may change while it runs, and what that means for its containers: another image restarts the one
// container that has it; other resources are given to what runs, or restart it where its resize policy says so (kubelet's
// computePodActions and computePodResizeAction). Pure: the node's room and the runtime are asked elsewhere.
// https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
import { type Container, type PodSpec, type ResourceRequirements, sameQuantity } from '../../api/index.ts';
import { type ContainerRecord, containersInOrder, loseSandbox } from './container-record.ts';
import { restartAt } from './plan.ts';

/** The condition of a pod whose wanted resources it does not have (yet). */
export interface ResizeState {
  readonly type: 'PodResizePending' | 'PodResizeInProgress';
  /** Pending: Infeasible | Deferred. In progress: Error, when it failed and is tried again. */
  readonly reason?: string;
  readonly message?: string;
}

/** The records with the images that the spec names now. What runs keeps the one that it runs with (outdated). */
export function followImages(spec: PodSpec, records: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const wanted = new Map(containersInOrder(spec).map(({ container }) => [container.name, container.image ?? '']));
  const followed = records.map((record) => followImage(spec, record, wanted.get(record.name) ?? record.image));
  return followed.some((record, index) => record !== records[index]) ? followed : records;
}

function followImage(spec: PodSpec, record: ContainerRecord, image: string): ContainerRecord {
  if (record.image === image) return record;
  switch (record.attempt.is) {
    case 'running':
      return record;
    case 'absent':
    case 'creating':
      return { ...record, image };
    // Back-off is for one image: another one is tried at once.
    case 'pull-failed':
    case 'refused':
      return { ...record, image, attempt: { is: 'absent' } };
    case 'exited':
      return restartAt(spec, record) === undefined ? record : { ...record, image, exitsInARow: 0 };
  }
}

/** Running containers that the spec names another image for. An init container finishes what it does. */
export function outdated(spec: PodSpec, records: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const wanted = new Map(containersInOrder(spec).map(({ container }) => [container.name, container.image ?? '']));
  return records.filter(
    ({ attempt, kind, name, image }) =>
      attempt.is === 'running' && (kind === 'main' || kind === 'sidecar') && wanted.get(name) !== image,
  );
}

/** Ended so that it starts with what the spec says now: at once, whatever its restart policy and its past. */
export function startAnew(record: ContainerRecord): ContainerRecord {
  return { ...loseSandbox(record), exitsInARow: 0 };
}

/** Whether the spec asks for other resources than the containers were granted. */
export function wantsResize(spec: PodSpec, records: readonly ContainerRecord[]): boolean {
  return containersInOrder(spec).some(({ container }, index) => {
    const record = records[index];
    return record !== undefined && !sameResources(record.allocated, container.resources ?? {});
  });
}

/** The records once the node has granted what the spec asks for. */
export function grantResources(spec: PodSpec, records: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const wanted = new Map(containersInOrder(spec).map(({ container }) => [container.name, container.resources ?? {}]));
  return records.map((record) => ({ ...record, allocated: wanted.get(record.name) ?? record.allocated }));
}

export interface Resize {
  readonly record: ContainerRecord;
  /** The container as its pod's spec has it, with what it was granted. */
  readonly container: Container;
  /** Its resize policy wants it started again for one of the resources that change. */
  readonly restart: boolean;
}

/** Running containers that have been granted other resources than they run with. */
export function resizesDue(spec: PodSpec, records: readonly ContainerRecord[]): readonly Resize[] {
  const containers = new Map(containersInOrder(spec).map(({ container }) => [container.name, container]));
  return records.flatMap((record) => {
    const container = containers.get(record.name);
    if (container === undefined || record.attempt.is !== 'running') return [];
    const { allocated, resources } = record;
    if (sameResources(allocated, resources)) return [];
    const restart = (container.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) =>
        restartPolicy === 'RestartContainer' && changes(resourceName, allocated, resources),
    );
    return [{ record, container: { ...container, resources: allocated }, restart }];
  });
}

/** The spec with what the containers were granted: what the pod uses of its node. */
export function allocatedSpec(spec: PodSpec, records: readonly ContainerRecord[]): PodSpec {
  if (!wantsResize(spec, records)) return spec;
  const granted = new Map(records.map(({ name, allocated }) => [name, allocated]));
  const withGranted = (container: Container): Container => ({
    ...container,
    resources: granted.get(container.name) ?? container.resources ?? {},
  });
  return {
    ...spec,
    containers: spec.containers.map(withGranted),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withGranted) }),
  };
}

const parts = ['requests', 'limits'] as const;

function sameResources(left: ResourceRequirements, right: ResourceRequirements): boolean {
  if (left === right) return true;
  const names = new Set(parts.flatMap((part) => [...Object.keys(left[part] ?? {}), ...Object.keys(right[part] ?? {})]));
  return [...names].every((name) => !changes(name, left, right));
}

/** By meaning: 0.5 and 500m are the same. */
function changes(name: string, left: ResourceRequirements, right: ResourceRequirements): boolean {
  return parts.some((part) => {
    const [a, b] = [left[part]?.[name], right[part]?.[name]];
    return a === undefined || b === undefined ? a !== b : !sameQuantity(a, b);
  });
}
