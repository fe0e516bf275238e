// What pods/ephemeralcontainers and pods/resize may change (core/validation ValidatePodEphemeralContainersUpdate,
// ValidatePodResize). https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
import type { PodSpec } from '../../../api/index.ts';
import { qosClassOf } from '../../quality-of-service.ts';
import { sameJson } from '../../same-json.ts';
import { type JsonObject } from '../json.ts';
import { list, struct, text } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';

/** Added, never changed or taken away. What one must look like is said with the other containers (containers.ts). */
export function validateEphemeralContainers(errors: FieldErrors, object: JsonObject, before: JsonObject): void {
  const spec = struct(object, 'spec');
  const path = 'spec.ephemeralContainers';
  const containers = list(spec, 'ephemeralContainers');
  for (const old of list(struct(before, 'spec'), 'ephemeralContainers')) {
    const name = text(old, 'name');
    const now = containers.find((container) => text(container, 'name') === name);
    if (now === undefined) errors.forbidden(path, `existing ephemeral containers "${name}" may not be removed`);
    else if (!sameJson(now, old)) errors.forbidden(path, `existing ephemeral containers "${name}" may not be changed`);
  }
  const targets = new Set(list(spec, 'containers').map((container) => text(container, 'name')));
  for (const [index, container] of containers.entries()) {
    const target = text(container, 'targetContainerName');
    if (target !== '' && !targets.has(target)) errors.notFound(`${path}[${index}].targetContainerName`, target);
  }
}

const resizable = new Set(['cpu', 'memory']);

/** Amounts of cpu and memory, within the pod's quality of service class. */
export function validateResize(errors: FieldErrors, object: JsonObject, before: JsonObject): void {
  const [spec, old] = [struct(object, 'spec'), struct(before, 'spec')];
  for (const [index, container] of list(spec, 'containers').entries()) {
    const was = list(old, 'containers')[index]!;
    for (const field of ['requests', 'limits']) {
      const [now, then] = [container, was].map((one) => struct(struct(one, 'resources'), field));
      const changed = new Set([...Object.keys(now!), ...Object.keys(then!)].filter((key) => now![key] !== then![key]));
      const path = `spec.containers[${index}].resources.${field}`;
      if ([...changed].some((key) => !resizable.has(key)))
        errors.forbidden(path, 'only cpu and memory resources are mutable');
      for (const key of Object.keys(then!))
        if (now![key] === undefined && resizable.has(key))
          errors.forbidden(path, `resource ${field} cannot be removed`);
    }
  }
  const [next, previous] = [spec, old].map((one) => qosClassOf(one as unknown as PodSpec));
  if (next !== previous) errors.invalid('spec', next, 'Pod QOS Class may not change as a result of resizing');
}
