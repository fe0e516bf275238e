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

function resizedTo(wanted: Pod, before: Pod): Pod {
  const resize = (containers: readonly Container[], to: readonly Container[] | undefined) =>
    containers.map((container) => {
      const next: (Container & Resizable) | undefined = to?.find(({ name }) => name === container.name);
      if (next === undefined) return container;
      const { resources, resizePolicy } = next;
      return {
        ...container,
        ...(resources === undefined ? {} : { resources }),
        ...(resizePolicy === undefined ? {} : { resizePolicy }),
      };
    });
  const { containers, initContainers } = before.spec;
  return {
    ...before,
    spec: {
      ...before.spec,
      containers: resize(containers, wanted.spec.containers),
      ...(initContainers === undefined ? {} : { initContainers: resize(initContainers, wanted.spec.initContainers) }),
    },
  };
}

interface Resizable {
  readonly resizePolicy?: readonly unknown[];
}
