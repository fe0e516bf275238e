// Security contexts of pods and containers (core/validation ValidateSecurityContext, validatePodSpecSecurityContext).
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { validateDescendingPath } from './volumes.ts';

const idMax = 2 ** 31 - 1;
const idRange = `must be between 0 and ${idMax}, inclusive`;
const seccompTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const procMounts = ['Default', 'Unmasked'];
const appArmorTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const appArmorProfileLengthMax = 4095;
const ownershipPolicies = ['Always', 'OnRootMismatch'];
const groupPolicies = ['Merge', 'Strict'];
const sysctlLengthMax = 253;
const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

export function validateContainerSecurity(errors: FieldErrors, path: string, context: JsonObject): void {
  for (const field of ['runAsUser', 'runAsGroup']) validateId(errors, `${path}.${field}`, number(context, field));
  validateSeccomp(errors, `${path}.seccompProfile`, optional(context, 'seccompProfile'));
  validateAppArmor(errors, `${path}.appArmorProfile`, optional(context, 'appArmorProfile'));
  const procMount = text(context, 'procMount');
  if (procMount !== '' && !procMounts.includes(procMount))
    errors.notSupported(`${path}.procMount`, procMount, procMounts);
  if (context['allowPrivilegeEscalation'] !== false) return;
  if (context['privileged'] === true)
    errors.invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  if (texts(optional(context, 'capabilities') ?? {}, 'add').includes('CAP_SYS_ADMIN'))
    errors.invalid(
      path,
      context,
      'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    );
}

/** What a pod sets for its own namespaces it cannot set in the host's. */
function sharedNamespace(name: string, spec: JsonObject): 'hostIPC' | 'hostNetwork' | undefined {
  const dotted = name.replaceAll('/', '.');
  const isIpc = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted);
  if (isIpc && spec['hostIPC'] === true) return 'hostIPC';
  return dotted.startsWith('net.') && spec['hostNetwork'] === true ? 'hostNetwork' : undefined;
}

export function validatePodSecurity(errors: FieldErrors, path: string, spec: JsonObject): void {
  const context = struct(spec, 'securityContext');
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'])
    validateId(errors, `${path}.${field}`, number(context, field));
  for (const [index, group] of ((context['supplementalGroups'] as readonly number[] | undefined) ?? []).entries())
    validateId(errors, `${path}.supplementalGroups[${index}]`, group);
  validateSeccomp(errors, `${path}.seccompProfile`, optional(context, 'seccompProfile'));
  validateAppArmor(errors, `${path}.appArmorProfile`, optional(context, 'appArmorProfile'));
  for (const [field, policies] of [
    ['fsGroupChangePolicy', ownershipPolicies],
    ['supplementalGroupsPolicy', groupPolicies],
  ] as const) {
    const policy = text(context, field);
    if (policy !== '' && !policies.includes(policy)) errors.notSupported(`${path}.${field}`, policy, policies);
  }
  const seen = new Set<string>();
  for (const [index, sysctl] of list(context, 'sysctls').entries()) {
    const name = text(sysctl, 'name');
    if (name === '') errors.required(`${path}.sysctls[${index}].name`);
    else if (name.length > sysctlLengthMax || !sysctlName.test(name))
      errors.invalid(
        `${path}.sysctls[${index}].name`,
        name,
        `must have at most ${sysctlLengthMax} characters and match regex ${sysctlName.source.replaceAll(String.raw`\/`, '/')}`,
      );
    else if (seen.has(name)) errors.duplicate(`${path}.sysctls[${index}].name`, name);
    const shared = name === '' ? undefined : sharedNamespace(name, spec);
    if (shared !== undefined)
      errors.invalid(`${path}.sysctls[${index}].name`, name, `may not be specified when '${shared}' is true`);
    seen.add(name);
  }
}

function validateId(errors: FieldErrors, path: string, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > idMax)) errors.invalid(path, id, idRange);
}

function validateSeccomp(errors: FieldErrors, path: string, profile: JsonObject | undefined): void {
  if (profile === undefined) return;
  const type = text(profile, 'type');
  const isLocal = profile['localhostProfile'] !== undefined;
  if (type === '') errors.required(`${path}.type`, 'type is required when seccompProfile is set');
  else if (!seccompTypes.includes(type)) errors.notSupported(`${path}.type`, type, seccompTypes);
  else if (type === 'Localhost' && !isLocal)
    errors.required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost');
  else if (type === 'Localhost')
    validateDescendingPath(errors, `${path}.localhostProfile`, text(profile, 'localhostProfile'));
  else if (type !== 'Localhost' && isLocal)
    errors.invalid(`${path}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost');
}

function validateAppArmor(errors: FieldErrors, path: string, profile: JsonObject | undefined): void {
  if (profile === undefined) return;
  const type = text(profile, 'type');
  const name = profile['localhostProfile'] as string | undefined;
  if (type === '') errors.required(`${path}.type`, 'type is required when appArmorProfile is set');
  else if (!appArmorTypes.includes(type)) errors.notSupported(`${path}.type`, type, appArmorTypes);
  else if (type === 'Localhost') {
    if (name === undefined || name.trim() === '')
      errors.required(`${path}.localhostProfile`, 'must be set when AppArmor type is Localhost');
    else if (name !== name.trim())
      errors.invalid(`${path}.localhostProfile`, name, 'must not be padded with whitespace');
    else if (name.length > appArmorProfileLengthMax)
      errors.tooLong(`${path}.localhostProfile`, appArmorProfileLengthMax);
  } else if (name !== undefined)
    errors.invalid(`${path}.localhostProfile`, name, 'can only be set when AppArmor type is Localhost');
}
