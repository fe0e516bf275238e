// What kube-apiserver's admission plugins add to a new pod: ServiceAccount, Priority, DefaultTolerationSeconds,
// RuntimeClass.
import { type Pod, type PodSpec, taintKeys, tolerates, type Toleration } from '../../../api/index.ts';
import { forbidden } from '../../errors.ts';
import { keyOf, prefixOf, stored } from '../../storage.ts';
import type { WriteContext } from '../definition.ts';
import { priorityClassPlace, type PriorityClass } from '../priority-classes.ts';
import { withRuntimeClass } from './runtime-class.ts';
import { withServiceAccount } from './service-account.ts';

/** kube-apiserver --default-not-ready-toleration-seconds and --default-unreachable-toleration-seconds */
const defaultTolerationSeconds = 300;

export async function admitPod(pod: Pod, context: WriteContext): Promise<Pod> {
  // In upstream's order: who lacks several things hears of the account first.
  const owned: Pod = { ...pod, spec: await withServiceAccount(pod, context) };
  const tolerant: Pod = { ...pod, spec: withDefaultTolerations(await withPriority(owned, context)) };
  return { ...pod, spec: await withRuntimeClass(tolerant, context) };
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
async function withPriority(pod: Pod, context: WriteContext): Promise<PodSpec> {
  const { spec } = pod;
  const entry = await priorityClassFor(pod, context);
  const priority = entry?.value ?? 0;
  const name = pod.metadata.name ?? '';
  if (spec.priority !== undefined && spec.priority !== priority)
    throw forbidden(
      context.definition,
      name,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  const preemptionPolicy = entry?.preemptionPolicy ?? 'PreemptLowerPriority';
  return {
    ...spec,
    ...(entry === undefined ? {} : { priorityClassName: entry.metadata.name! }),
    priority,
    ...('preemptionPolicy' in spec ? {} : { preemptionPolicy }),
  };
}

async function priorityClassFor(pod: Pod, { server, definition }: WriteContext): Promise<PriorityClass | undefined> {
  const name = pod.spec.priorityClassName ?? '';
  if (name !== '') {
    const entry = await server.store.get(keyOf(priorityClassPlace, undefined, name));
    if (entry !== undefined) return stored(entry.value) as PriorityClass;
    throw forbidden(definition, pod.metadata.name ?? '', `no PriorityClass with name ${name} was found`);
  }
  const { entries } = await server.store.range(prefixOf(priorityClassPlace, undefined));
  // Of several global defaults the one with the lowest value counts.
  return entries
    .map(({ value }) => stored(value) as PriorityClass)
    .filter(({ globalDefault }) => globalDefault === true)
    .toSorted((a, b) => a.value - b.value)
    .at(0);
}

/** A pod stays 300 s on a node that is not ready or out of reach, unless it says otherwise. */
function withDefaultTolerations(spec: PodSpec): PodSpec {
  const tolerations = spec.tolerations ?? [];
  const missing = [taintKeys.notReady, taintKeys.unreachable].filter(
    (key) => !tolerations.some((toleration) => tolerates(toleration, { key, effect: 'NoExecute' })),
  );
  if (missing.length === 0) return spec;
  const added = missing.map(
    (key): Toleration => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: defaultTolerationSeconds,
    }),
  );
  return { ...spec, tolerations: [...tolerations, ...added] };
}
