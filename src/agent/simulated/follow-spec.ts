// What of a running pod's spec may change, as a simulated node carries it out: containers with another image end and start
// again, resources are there as soon as the node grants them. Pure: records in, records out.
import type { PodSpec } from '../../api/index.ts';
import {
  type ContainerRecord,
  exitAttempt,
  followImages,
  grantResources,
  outdated,
  resizesDue,
  type ResizeState,
  startAnew,
  wantsResize,
  withNewContainers,
} from '../../core/pod/index.ts';

export interface Followed {
  readonly records: readonly ContainerRecord[];
  /** What the pod's conditions say of resources that it does not have. */
  readonly resize: ResizeState | undefined;
  /** Containers that end for another image. */
  readonly outdated: readonly string[];
}

/** @param grant asks the node for the resources that the spec wants; undefined = granted. */
export function followSpec(
  spec: PodSpec,
  before: readonly ContainerRecord[],
  grant: () => ResizeState | undefined,
  now: number,
): Followed {
  let records = followImages(spec, withNewContainers(spec, before));
  const old = outdated(spec, records).map(({ name }) => name);
  records = followImages(spec, restarted(records, old, now));
  const resize = wantsResize(spec, records) ? grant() : undefined;
  if (resize !== undefined) return { records, resize, outdated: old };
  records = grantResources(spec, records);
  const due = resizesDue(spec, records);
  const toRestart = due.filter(({ restart }) => restart).map(({ record }) => record.name);
  const resized = new Set(due.map(({ record }) => record.name));
  const given = records.map((record) =>
    resized.has(record.name) ? { ...record, resources: record.allocated } : record,
  );
  return { records: restarted(given, toRestart, now), resize, outdated: old };
}

function restarted(
  records: readonly ContainerRecord[],
  names: readonly string[],
  now: number,
): readonly ContainerRecord[] {
  return records.map((record) => {
    const { attempt, name } = record;
    if (attempt.is !== 'running' || !names.includes(name)) return record;
    const { startedMs, containerId } = attempt;
    return startAnew(
      exitAttempt(record, { exitCode: 0, reason: 'Completed', startedMs, finishedMs: now, containerId }),
    );
  });
}
