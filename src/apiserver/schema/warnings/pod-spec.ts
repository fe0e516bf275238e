// What a pod spec may say and better would not: a Warning for each, after pkg/api/pod/warnings.go. Nothing is refused
// here; what is wrong is validation's.
import { isIPv6 } from 'node:net';
import { isObject, type JsonObject } from '../json.ts';
import { list, number, optional, struct, text, texts } from '../read.ts';
import { labelValue } from '../validation/names.ts';
import { containerWarnings } from './containers.ts';
import { deprecatedLabel } from './deprecated.ts';
import { fractionalBytes } from './quantities.ts';
import { volumeWarnings } from './volumes.ts';

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const noLabelSelector = 'a null labelSelector results in matching no pod';

/** `path` is '' for a pod and where the template stands else (`spec.template`). */
export function podWarnings(path: string, pod: JsonObject): readonly string[] {
  const spec = struct(pod, 'spec');
  const at = path === '' ? 'spec' : `${path}.spec`;
  const annotations = struct(struct(pod, 'metadata'), 'annotations');
  const annotationsPath = path === '' ? 'metadata.annotations' : `${path}.metadata.annotations`;
  return [
    ...labelWarnings(at, spec),
    ...Object.entries(deprecatedAnnotations)
      .filter(([key]) => key in annotations)
      .map(([key, message]) => `${annotationsPath}[${key}]: ${message}`),
    ...volumeWarnings(at, list(spec, 'volumes')),
    ...repeated(`${at}.hostAliases`, list(spec, 'hostAliases'), 'ip'),
    ...repeated(`${at}.imagePullSecrets`, list(spec, 'imagePullSecrets'), 'name'),
    ...list(spec, 'imagePullSecrets').flatMap((secret, index) =>
      text(secret, 'name') === '' ? [`${at}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
    ),
    ...fractionalBytes(`${at}.overhead`, struct(spec, 'overhead')),
    ...(optional(struct(spec, 'securityContext'), 'seccompProfile') === undefined &&
    'seccomp.security.alpha.kubernetes.io/pod' in annotations
      ? [
          `${annotationsPath}[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead`,
        ]
      : []),
    ...containerWarnings(at, spec, annotationsPath, annotations),
    ...((number(spec, 'terminationGracePeriodSeconds') ?? 0) < 0
      ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityTermWarnings(at, struct(spec, 'affinity')),
    ...texts(struct(spec, 'dnsConfig'), 'nameservers').flatMap((server, index) =>
      addressWarnings(`${at}.dnsConfig.nameservers[${index}]`, server),
    ),
    ...list(spec, 'hostAliases').flatMap((alias, index) =>
      addressWarnings(`${at}.hostAliases[${index}].ip`, text(alias, 'ip')),
    ),
  ];
}

/** Node labels that go by another name today. */
function labelWarnings(path: string, spec: JsonObject): readonly string[] {
  const nodeAffinity = struct(struct(spec, 'affinity'), 'nodeAffinity');
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  const at = `${path}.affinity.nodeAffinity`;
  return [
    ...Object.keys(struct(spec, 'nodeSelector')).flatMap((key) =>
      deprecatedLabel(key).map((message) => `${path}.nodeSelector[${key}]: ${message}`),
    ),
    ...list(struct(nodeAffinity, required), 'nodeSelectorTerms').flatMap((term, index) =>
      termWarnings(`${at}.${required}.nodeSelectorTerms[${index}]`, term, false),
    ),
    ...list(nodeAffinity, preferred).flatMap((term, index) =>
      termWarnings(`${at}.${preferred}[${index}].preference`, struct(term, 'preference'), true),
    ),
    ...list(spec, 'topologySpreadConstraints').flatMap((constraint, index) => {
      const place = `${path}.topologySpreadConstraints[${index}]`;
      const key = text(constraint, 'topologyKey');
      return [
        ...deprecatedLabel(key).map((message) => `${place}.topologyKey: ${key} is ${message}`),
        ...(isObject(constraint['labelSelector']) ? [] : [`${place}.labelSelector: ${noLabelSelector}`]),
      ];
    }),
  ];
}

function termWarnings(path: string, term: JsonObject, checksValues: boolean): readonly string[] {
  return list(term, 'matchExpressions').flatMap((expression, index) => {
    const key = text(expression, 'key');
    const at = `${path}.matchExpressions[${index}]`;
    const values = checksValues ? texts(expression, 'values') : [];
    return [
      ...deprecatedLabel(key).map((message) => `${at}.key: ${key} is ${message}`),
      ...values.flatMap((value, position) => {
        const message = labelValue(value);
        return message === undefined ? [] : [`${at}.values[${position}]: ${value} is invalid, ${message}`];
      }),
    ];
  });
}

function affinityTermWarnings(path: string, affinity: JsonObject): readonly string[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const terms = struct(affinity, kind);
    const at = `${path}.affinity.${kind}`;
    const lacks = (term: JsonObject) => !isObject(term['labelSelector']);
    return [
      ...list(terms, 'requiredDuringSchedulingIgnoredDuringExecution').flatMap((term, index) =>
        lacks(term)
          ? [`${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${noLabelSelector}`]
          : [],
      ),
      ...list(terms, 'preferredDuringSchedulingIgnoredDuringExecution').flatMap((term, index) =>
        lacks(struct(term, 'podAffinityTerm'))
          ? [
              `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${noLabelSelector}`,
            ]
          : [],
      ),
    ];
  });
}

function repeated(path: string, entries: readonly JsonObject[], field: string): readonly string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const value = text(entry, field);
    if (seen.has(value)) return [`${path}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`];
    seen.add(value);
    return [];
  });
}

/** IPv6 in another spelling than RFC 5952's. */
function addressWarnings(path: string, address: string): readonly string[] {
  if (!isIPv6(address) || address.includes('%')) return [];
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined)
    return [`${path}: non-standard IP address ${JSON.stringify(address)} is invalid: use ${JSON.stringify(mapped)}`];
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return canonical === address
    ? []
    : [`${path}: IPv6 address ${JSON.stringify(address)} should be in RFC 5952 canonical format ("${canonical}")`];
}
