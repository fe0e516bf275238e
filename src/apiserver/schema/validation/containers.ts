// Containers of a pod: ordinary, init and ephemeral ones (core/validation validateContainers and its kin).
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text } from '../read.ts';
import { validateEnvironment } from './environment.ts';
import type { FieldErrors } from './field-errors.ts';
import { check } from './meta.ts';
import { dnsLabel, isPort, portName, portRange } from './names.ts';
import { validateLifecycle, validateProbes } from './probes.ts';
import { validateResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';
import { validateMounts, type VolumeNames } from './volumes.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];
const protocols = ['SCTP', 'TCP', 'UDP'];

const notEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'restartPolicy',
  'restartPolicyRules',
  'resizePolicy',
];

export function validateAllContainers(errors: FieldErrors, path: string, spec: JsonObject, volumes: VolumeNames): void {
  const containers = list(spec, 'containers');
  if (containers.length === 0) errors.required(`${path}.containers`);
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = `${path}.containers[${index}]`;
    validateContainer(errors, at, container, volumes);
    validateUnique(errors, `${at}.name`, container, names);
    validateClaims(errors, `${at}.resources.claims`, container, spec);
    validateHooks(errors, at, container, spec);
    validateResizePolicy(errors, `${at}.resizePolicy`, list(container, 'resizePolicy'), text(spec, 'restartPolicy'));
    if (container['restartPolicy'] !== undefined && list(container, 'restartPolicyRules').length === 0)
      errors.forbidden(`${at}.restartPolicy`, 'may not be set for non-init containers');
  }
  validateHostPorts(errors, `${path}.containers`, containers);
  for (const [index, container] of list(spec, 'initContainers').entries()) {
    const at = `${path}.initContainers[${index}]`;
    validateContainer(errors, at, container, volumes);
    validateUnique(errors, `${at}.name`, container, names);
    validateInitContainer(errors, at, container, spec);
    // Init containers run one after the other, so their host ports clash only within one.
    validateHostPorts(errors, at, [container]);
  }
  for (const [index, container] of list(spec, 'ephemeralContainers').entries()) {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateContainer(errors, at, container, volumes);
    validateUnique(errors, `${at}.name`, container, names);
    validateEphemeralContainer(errors, at, container);
  }
}

/** They come late and are nobody's service: what only makes sense from a pod's start is not theirs. */
function validateEphemeralContainer(errors: FieldErrors, path: string, container: JsonObject): void {
  const why = 'cannot be set for an Ephemeral Container';
  for (const field of notEphemeral) if (container[field] !== undefined) errors.forbidden(`${path}.${field}`, why);
  if (Object.keys(struct(container, 'resources')).length > 0) errors.forbidden(`${path}.resources`, why);
  for (const [index, mount] of list(container, 'volumeMounts').entries())
    for (const field of ['subPath', 'subPathExpr'])
      if (text(mount, field) !== '') errors.forbidden(`${path}.volumeMounts[${index}].${field}`, why);
}

/** What all three kinds have in common. */
function validateContainer(errors: FieldErrors, path: string, container: JsonObject, volumes: VolumeNames): void {
  const name = text(container, 'name');
  if (name === '') errors.required(`${path}.name`);
  else check(errors, `${path}.name`, name, dnsLabel);
  const image = text(container, 'image');
  if (image === '') errors.required(`${path}.image`);
  else if (image !== image.trim())
    errors.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace');
  const messagePolicy = text(container, 'terminationMessagePolicy');
  if (messagePolicy === '') errors.required(`${path}.terminationMessagePolicy`);
  else if (!messagePolicies.includes(messagePolicy))
    errors.notSupported(`${path}.terminationMessagePolicy`, messagePolicy, messagePolicies);
  validatePorts(errors, `${path}.ports`, list(container, 'ports'));
  validateEnvironment(errors, path, container);
  validateMounts(errors, path, container, volumes);
  const pullPolicy = text(container, 'imagePullPolicy');
  if (pullPolicy === '') errors.required(`${path}.imagePullPolicy`);
  else if (!pullPolicies.includes(pullPolicy)) errors.notSupported(`${path}.imagePullPolicy`, pullPolicy, pullPolicies);
  validateResources(errors, `${path}.resources`, struct(container, 'resources'));
  validateContainerSecurity(errors, `${path}.securityContext`, struct(container, 'securityContext'));
}

/** Devices that the pod claims, and this container uses. */
function validateClaims(errors: FieldErrors, path: string, container: JsonObject, spec: JsonObject): void {
  const claimed = new Set(list(spec, 'resourceClaims').map((claim) => text(claim, 'name')));
  for (const [index, claim] of list(struct(container, 'resources'), 'claims').entries()) {
    const name = text(claim, 'name');
    if (name === '') errors.required(`${path}[${index}]`);
    else if (!claimed.has(name)) {
      const known = claimed.size === 0 ? ' which is empty' : '';
      errors.notFound(`${path}[${index}]`, name, `must be one of the names in pod.spec.resourceClaims${known}`);
    }
  }
}

const resizable = ['cpu', 'memory'];
const resizeRestarts = ['NotRequired', 'RestartContainer'];

function validateResizePolicy(
  errors: FieldErrors,
  path: string,
  policies: readonly JsonObject[],
  podRestarts: string,
): void {
  const seen = new Set<string>();
  for (const [index, policy] of policies.entries()) {
    const resource = text(policy, 'resourceName');
    const restart = text(policy, 'restartPolicy');
    if (seen.has(resource)) errors.duplicate(`${path}[${index}]`, resource);
    seen.add(resource);
    if (resource === '') errors.required(path);
    else if (!resizable.includes(resource)) errors.notSupported(path, resource, resizable);
    if (restart === '') errors.required(path);
    else if (!resizeRestarts.includes(restart)) errors.notSupported(path, restart, resizeRestarts);
    if (podRestarts === 'Never' && restart !== 'NotRequired')
      errors.invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'");
  }
}

function validateHooks(errors: FieldErrors, path: string, container: JsonObject, spec: JsonObject): void {
  validateProbes(errors, path, container);
  const lifecycle = optional(container, 'lifecycle');
  if (lifecycle === undefined) return;
  validateLifecycle(errors, `${path}.lifecycle`, lifecycle, number(spec, 'terminationGracePeriodSeconds'));
}

/** An init container with restartPolicy Always is a sidecar: it alone has probes and hooks. */
function validateInitContainer(errors: FieldErrors, path: string, container: JsonObject, spec: JsonObject): void {
  const restartPolicy = container['restartPolicy'] as string | undefined;
  if (restartPolicy === 'Always') {
    validateHooks(errors, path, container, spec);
    return;
  }
  if (restartPolicy !== undefined) errors.notSupported(`${path}.restartPolicy`, restartPolicy, ['Always']);
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'])
    if (container[field] !== undefined)
      errors.forbidden(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always');
}

function validateUnique(errors: FieldErrors, path: string, container: JsonObject, names: Set<string>): void {
  const name = text(container, 'name');
  if (name !== '' && names.has(name)) errors.duplicate(path, name);
  names.add(name);
}

function validatePorts(errors: FieldErrors, path: string, ports: readonly JsonObject[]): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const name = text(port, 'name');
    if (name !== '') {
      check(errors, `${at}.name`, name, portName);
      if (names.has(name)) errors.duplicate(`${at}.name`, name);
      names.add(name);
    }
    const containerPort = number(port, 'containerPort') ?? 0;
    if (containerPort === 0) errors.required(`${at}.containerPort`);
    else if (!isPort(containerPort)) errors.invalid(`${at}.containerPort`, containerPort, portRange);
    const hostPort = number(port, 'hostPort') ?? 0;
    if (hostPort !== 0 && !isPort(hostPort)) errors.invalid(`${at}.hostPort`, hostPort, portRange);
    const protocol = text(port, 'protocol');
    if (protocol === '') errors.required(`${at}.protocol`);
    else if (!protocols.includes(protocol)) errors.notSupported(`${at}.protocol`, protocol, protocols);
  }
}

/** One host port can be given once for each address and protocol. */
function validateHostPorts(errors: FieldErrors, path: string, containers: readonly JsonObject[]): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [position, port] of list(container, 'ports').entries()) {
      const hostPort = number(port, 'hostPort') ?? 0;
      if (hostPort === 0) continue;
      const slot = `${text(port, 'protocol')}/${text(port, 'hostIP')}/${hostPort}`;
      const at = path.endsWith(']') ? path : `${path}[${index}]`;
      if (taken.has(slot)) errors.duplicate(`${at}.ports[${position}].hostPort`, slot);
      taken.add(slot);
    }
  }
}

/** On the host's network a container port is a host port; a template may leave that to the pod's defaults. */
export function validateHostNetworkPorts(
  errors: FieldErrors,
  path: string,
  spec: JsonObject,
  isTemplate: boolean,
): void {
  for (const field of ['containers', 'initContainers']) {
    for (const [index, container] of list(spec, field).entries()) {
      for (const [position, port] of list(container, 'ports').entries()) {
        const hostPort = number(port, 'hostPort') ?? 0;
        if (hostPort === number(port, 'containerPort') || (isTemplate && hostPort === 0)) continue;
        errors.invalid(
          `${path}.${field}[${index}].ports[${position}].hostPort`,
          hostPort,
          'must match `containerPort` when `hostNetwork` is true',
        );
      }
    }
  }
}
