// The runtime class that a new pod names: it has to be there, and what it costs and where it can be had becomes the
// pod's (plugin/pkg/admission/runtimeclass). https://kubernetes.io/docs/concepts/containers/runtime-class/
import { type KubernetesObject, type Pod, type PodSpec, sameQuantity, type Toleration } from '../../../api/index.ts';
import { forbidden } from '../../errors.ts';
import { sameJson } from '../../same-json.ts';
import { keyOf, stored } from '../../storage.ts';
import type { WriteContext } from '../definition.ts';

type Amounts = Readonly<Record<string, string>>;
type RuntimeClass = KubernetesObject & {
  readonly overhead?: { readonly podFixed?: Amounts };
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
  };
};
type Spec = PodSpec & { readonly overhead?: Amounts };

const classes = { storage: 'runtimeclasses.node.k8s.io', namespaced: false } as const;

/** Throws Forbidden when there is no such class, or the pod says other things than the class. */
export async function withRuntimeClass(pod: Pod, context: WriteContext): Promise<PodSpec> {
  const spec: Spec = pod.spec;
  const refuse = (why: string) => forbidden(context.definition, pod.metadata.name ?? '', why);
  const { runtimeClassName = '', overhead } = spec;
  const runtimeClass = runtimeClassName === '' ? undefined : await classOf(runtimeClassName, context);
  if (runtimeClassName !== '' && runtimeClass === undefined)
    throw refuse(`pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`);
  const fixed = runtimeClass?.overhead?.podFixed;
  if (fixed === undefined && overhead !== undefined)
    throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  if (fixed !== undefined && overhead !== undefined && !sameAmounts(fixed, overhead))
    throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  const scheduling = runtimeClass?.scheduling;
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value)
      throw refuse(
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
  }
  const { nodeSelector, tolerations } = scheduling ?? {};
  return {
    ...spec,
    ...(fixed === undefined ? {} : { overhead: fixed }),
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...spec.nodeSelector, ...nodeSelector } }),
    ...(tolerations === undefined ? {} : { tolerations: merged(spec.tolerations ?? [], tolerations) }),
  };
}

async function classOf(name: string, { server }: WriteContext): Promise<RuntimeClass | undefined> {
  const entry = await server.store.get(keyOf(classes, undefined, name));
  return entry === undefined ? undefined : stored(entry.value);
}

function merged(own: readonly Toleration[], more: readonly Toleration[]): readonly Toleration[] {
  return [...own, ...more.filter((toleration) => !own.some((other) => sameJson(other, toleration)))];
}

function sameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && sameQuantity(a[name]!, b[name]))
  );
}
