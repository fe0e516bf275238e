// Two writes that a running pod allows: an ephemeral container is added (kubectl debug), resources are resized in place.
// Everything else in what was sent is left as it is (pkg/registry/core/pod strategy: dropNonEphemeralContainerUpdates,
// dropNonResizeUpdates). What may be changed how is said in schema/validation/pod-subresources.ts.
import type { Container, Pod } from '../../../api/index.ts';
import type { Subresource } from '../definition.ts';

const verbs = ['get', 'patch', 'update'];

export const podSubresources: Readonly<Record<string, Subresource>> = {
  ephemeralcontainers: { kind: 'Pod', verbs },
  resize: { kind: 'Pod', verbs },
};

export function takenBySubresource(wanted: Pod, before: Pod, subresource: string): Pod {
  return subresource === 'resize' ? resizedTo(wanted, before) : withEphemeralContainers(wanted, before);
}

function withEphemeralContainers(wanted: Pod, before: Pod): Pod {
  const { ephemeralContainers } = wanted.spec;
  const { ephemeralContainers: _, ...spec } = before.spec;
  return { ...before, spec: ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers } };
}

/** Containers that were added, taken away, renamed or put elsewhere stay as sent, for validation to refuse. */
function resizedTo(wanted: Pod, before: Pod): Pod {
  const { containers, initContainers } = before.spec;
  const sameNames = (left: readonly Container[] = [], right: readonly Container[] = []) =>
    left.length === right.length && left.every(({ name }, index) => name === right[index]!.name);
  if (!sameNames(wanted.spec.containers, containers) || !sameNames(wanted.spec.initContainers, initContainers))
    return { ...before, spec: wanted.spec };
  const resize = (olds: readonly Container[], to: readonly Container[]) =>
    olds.map((old, index) => {
      const { resources, resizePolicy } = to[index]!;
      return {
        ...old,
        ...(resources === undefined ? {} : { resources }),
        ...(resizePolicy === undefined ? {} : { resizePolicy }),
      };
    });
  return {
    ...before,
    spec: {
      ...before.spec,
      containers: resize(containers, wanted.spec.containers),
      ...(initContainers === undefined
        ? {}
        : { initContainers: resize(initContainers, wanted.spec.initContainers ?? []) }),
    },
  };
}
