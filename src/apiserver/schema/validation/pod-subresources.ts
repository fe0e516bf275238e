// What pods/ephemeralcontainers and pods/resize may change (core/validation ValidatePodEphemeralContainersUpdate,
// ValidatePodResize). https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
import type { PodSpec } from '../../../api/index.ts';
import { qosClassOf } from '../../quality-of-service.ts';
import { sameJson } from '../../same-json.ts';
import { type JsonObject, withoutKey } from '../json.ts';
import { list, optional, struct, text } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { metadataOf } from './meta.ts';

/** Added, never changed or taken away. What one must look like is said with the other containers (containers.ts). */
export function validateEphemeralContainers(errors: FieldErrors, object: JsonObject, before: JsonObject): void {
  if (isStatic(before)) {
    errors.forbidden('', 'static pods do not support ephemeral containers');
    return;
  }
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
const onlyAmounts = 'only cpu and memory resources are mutable';

/** Amounts of cpu and memory of containers and sidecars, within the pod's quality of service class. */
export function validateResize(errors: FieldErrors, object: JsonObject, before: JsonObject): void {
  if (isStatic(before)) {
    errors.forbidden('', 'static pods cannot be resized');
    return;
  }
  const [spec, old] = [struct(object, 'spec'), struct(before, 'spec')];
  if (text(struct(old, 'os'), 'name') === 'windows') {
    errors.forbidden('', 'windows pods cannot be resized');
    return;
  }
  if (!sameJson(withoutAmounts(spec), withoutAmounts(old))) {
    errors.forbidden('spec', onlyAmounts);
    return;
  }
  for (const field of ['containers', 'initContainers'])
    for (const [index, container] of list(spec, field).entries()) {
      const path = `spec.${field}[${index}].resources`;
      const was = list(old, field)[index]!;
      if (field === 'containers' || container['restartPolicy'] === 'Always')
        validateAmounts(errors, path, container, was);
      else if (!sameJson(container['resources'], was['resources']))
        errors.forbidden(path, 'resources for non-sidecar init containers are immutable');
    }
  const [next, previous] = [spec, old].map((one) => qosClassOf(one as unknown as PodSpec));
  if (next !== previous) errors.invalid('spec', next, 'Pod QOS Class may not change as a result of resizing');
}

function validateAmounts(errors: FieldErrors, path: string, container: JsonObject, was: JsonObject): void {
  const [now, then] = [struct(container, 'resources'), struct(was, 'resources')];
  if (!sameJson(now['claims'], then['claims'])) errors.forbidden(path, onlyAmounts);
  for (const field of ['requests', 'limits']) {
    const [next, old] = [struct(now, field), struct(then, field)];
    for (const name of new Set([...Object.keys(next), ...Object.keys(old)])) {
      if (next[name] === old[name]) continue;
      if (!resizable.has(name)) errors.forbidden(`${path}.${field}`, onlyAmounts);
      else if (next[name] === undefined) errors.forbidden(`${path}.${field}`, `resource ${field} cannot be removed`);
    }
  }
}

/** The spec without what a resize is about: the rest has to stay, the order of the containers included. */
function withoutAmounts(spec: JsonObject): JsonObject {
  const rest = (field: string) => list(spec, field).map((container) => withoutKey(container, 'resources'));
  return { ...spec, containers: rest('containers'), initContainers: rest('initContainers') };
}

/** A node's own pod, of which the API server has only the picture. */
function isStatic(pod: JsonObject): boolean {
  return optional(metadataOf(pod), 'annotations')?.['kubernetes.io/config.mirror'] !== undefined;
}
