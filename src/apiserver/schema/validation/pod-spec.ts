// The pod spec, in a pod or in a template (core/validation ValidatePodSpec, ValidatePodTemplateSpec).
import { isIP } from 'node:net';
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './affinity.ts';
import { validateAllContainers, validateHostNetworkPorts } from './containers.ts';
import type { FieldErrors } from './field-errors.ts';
import { check, metadataOf, validateAnnotations, validateLabels } from './meta.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from './names.ts';
import { validateQuantities } from './resources.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['Never', 'PreemptLowerPriority'];
const systems = ['linux', 'windows'];
export const ipRule = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const nameserversMax = 3;
const searchDomainsMax = 32;
const deadlineSecondsMax = 2 ** 31 - 1;

export function validatePodTemplate(errors: FieldErrors, path: string, template: JsonObject): void {
  const metadata = metadataOf(template);
  // Upstream names these without "metadata".
  validateLabels(errors, `${path}.labels`, metadata, 'labels');
  validateAnnotations(errors, `${path}.annotations`, metadata);
  const spec = struct(template, 'spec');
  validatePodSpec(errors, `${path}.spec`, spec, true);
  if (list(spec, 'ephemeralContainers').length > 0)
    errors.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template');
}

export function validatePodSpec(errors: FieldErrors, path: string, spec: JsonObject, isTemplate: boolean): void {
  const volumes = validateVolumes(errors, `${path}.volumes`, list(spec, 'volumes'));
  validateAllContainers(errors, path, spec, volumes);
  if (spec['hostNetwork'] === true) validateHostNetworkPorts(errors, path, spec, isTemplate);
  validateChoice(errors, `${path}.restartPolicy`, text(spec, 'restartPolicy'), restartPolicies);
  validateChoice(errors, `${path}.dnsPolicy`, text(spec, 'dnsPolicy'), dnsPolicies);
  validateLabels(errors, `${path}.nodeSelector`, spec, 'nodeSelector');
  validatePodSecurity(errors, `${path}.securityContext`, spec);
  validateHostUsers(errors, path, spec);
  validateResourceClaims(errors, `${path}.resourceClaims`, list(spec, 'resourceClaims'));
  const os = optional(spec, 'os');
  if (os !== undefined) validateChoice(errors, `${path}.os.name`, text(os, 'name'), systems);
  if (spec['shareProcessNamespace'] === true && spec['hostPID'] === true)
    errors.invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  validateAffinity(errors, `${path}.affinity`, struct(spec, 'affinity'));
  validateDnsConfig(errors, `${path}.dnsConfig`, spec);
  validateGates(errors, path, spec);
  validateTopologySpread(errors, `${path}.topologySpreadConstraints`, list(spec, 'topologySpreadConstraints'));
  validateNames(errors, path, spec);
  validateDurations(errors, path, spec);
  validateTolerations(errors, `${path}.tolerations`, list(spec, 'tolerations'));
  validateHostAliases(errors, `${path}.hostAliases`, list(spec, 'hostAliases'));
  const preemption = text(spec, 'preemptionPolicy');
  if (preemption !== '') validateChoice(errors, `${path}.preemptionPolicy`, preemption, preemptionPolicies);
  validateQuantities(errors, path, spec, 'overhead');
}

export function validateChoice(errors: FieldErrors, path: string, value: string, supported: readonly string[]): void {
  if (value === '') errors.required(path);
  else if (!supported.includes(value)) errors.notSupported(path, value, supported);
}

/** Users of their own go with none of the host's other namespaces. */
function validateHostUsers(errors: FieldErrors, path: string, spec: JsonObject): void {
  if (spec['hostUsers'] !== false) return;
  for (const [field, name] of [
    ['hostNetwork', 'hostNetwork'],
    // Upstream spells these two so.
    ['hostPID', 'HostPID'],
    ['hostIPC', 'HostIPC'],
  ] as const)
    if (spec[field] === true) errors.forbidden(`${path}.${name}`, 'when `hostUsers` is false');
}

function validateResourceClaims(errors: FieldErrors, path: string, claims: readonly JsonObject[]): void {
  const seen = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const name = text(claim, 'name');
    if (seen.has(name)) errors.duplicate(`${path}[${index}].name`, name);
    else if (name === '') errors.required(`${path}[${index}].name`);
    else check(errors, `${path}[${index}].name`, name, dnsLabel);
    seen.add(name);
  }
}

function validateNames(errors: FieldErrors, path: string, spec: JsonObject): void {
  const rules = [
    ['serviceAccountName', dnsSubdomain],
    ['nodeName', dnsSubdomain],
    ['hostname', dnsLabel],
    ['subdomain', dnsLabel],
    ['priorityClassName', dnsSubdomain],
    ['runtimeClassName', dnsSubdomain],
  ] as const;
  for (const [field, rule] of rules) {
    const name = text(spec, field);
    if (name !== '') check(errors, `${path}.${field}`, name, rule);
  }
}

function validateDurations(errors: FieldErrors, path: string, spec: JsonObject): void {
  // A negative one is only warned of: in a template it stays, in a pod it counts as one second.
  if (number(spec, 'terminationGracePeriodSeconds') === undefined)
    errors.required(`${path}.terminationGracePeriodSeconds`);
  const deadline = number(spec, 'activeDeadlineSeconds');
  if (deadline !== undefined && (deadline < 1 || deadline > deadlineSecondsMax))
    errors.invalid(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${deadlineSecondsMax}, inclusive`);
}

function validateDnsConfig(errors: FieldErrors, path: string, spec: JsonObject): void {
  const config = optional(spec, 'dnsConfig');
  const servers = texts(config ?? {}, 'nameservers');
  if (text(spec, 'dnsPolicy') === 'None') {
    if (config === undefined) errors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None');
    else if (servers.length === 0)
      errors.required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (config === undefined) return;
  if (servers.length > nameserversMax)
    errors.invalid(`${path}.nameservers`, servers, `must not have more than ${nameserversMax} nameservers`);
  for (const [index, server] of servers.entries())
    if (isIP(server) === 0) errors.invalid(`${path}.nameservers[${index}]`, server, ipRule);
  const searches = texts(config, 'searches');
  if (searches.length > searchDomainsMax)
    errors.invalid(`${path}.searches`, searches, `must not have more than ${searchDomainsMax} search paths`);
  for (const [index, domain] of searches.entries())
    if (domain !== '.') check(errors, `${path}.searches[${index}]`, domain.replace(/\.$/, ''), searchDomain);
  for (const [index, option] of list(config, 'options').entries())
    if (text(option, 'name') === '') errors.required(`${path}.options[${index}]`, 'must not be empty');
}

/** Underscores are common in search domains (RelaxedDNSSearchValidation). */
const searchDomain = (domain: string) => dnsSubdomain(domain.replaceAll('_', 'a'));

function validateGates(errors: FieldErrors, path: string, spec: JsonObject): void {
  for (const [index, gate] of list(spec, 'readinessGates').entries())
    check(errors, `${path}.readinessGates[${index}].conditionType`, text(gate, 'conditionType'), qualifiedName);
  const seen = new Set<string>();
  for (const [index, gate] of list(spec, 'schedulingGates').entries()) {
    const name = text(gate, 'name');
    check(errors, `${path}.schedulingGates[${index}]`, name, qualifiedName);
    if (seen.has(name)) errors.duplicate(`${path}.schedulingGates[${index}]`, name);
    seen.add(name);
  }
}

function validateHostAliases(errors: FieldErrors, path: string, aliases: readonly JsonObject[]): void {
  for (const [index, alias] of aliases.entries()) {
    if (isIP(text(alias, 'ip')) === 0) errors.invalid(`${path}[${index}].ip`, text(alias, 'ip'), ipRule);
    for (const [position, name] of texts(alias, 'hostnames').entries())
      check(errors, `${path}[${index}].hostnames[${position}]`, name, dnsSubdomain);
  }
}
