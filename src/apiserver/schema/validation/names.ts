// The name rules with the sentences Kubernetes explains them by (apimachinery util/validation). Each returns what is
// wrong, or undefined.
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../../../api/index.ts';

const explain = (rule: string, examples: readonly string[], pattern: string) =>
  `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;

/** Upstream counts the same in two words: bytes in labels, characters everywhere else. */
const tooLong = (max: number, unit = 'characters') => `must be no more than ${max} ${unit}`;

const labelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const labelRule = explain(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
  labelPattern,
);
const subdomainRule = explain(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  `${labelPattern}(\\.${labelPattern})*`,
);
const serviceNamePattern = '[a-z]([-a-z0-9]*[a-z0-9])?';
const serviceNameRule = explain(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
  serviceNamePattern,
);
const namePartRule = explain(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
);
const labelValueRule = explain(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
  '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
);
const configKeyRule = explain(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  '[-._a-zA-Z0-9]+',
);
const percentRule = explain(
  "a valid percent string must be a numeric string followed by an ending '%'",
  ['1%', '93%'],
  '[0-9]+%',
);

/** What is wrong, in one sentence or in several. */
export type NameRule = (name: string) => string | readonly string[] | undefined;
type PlainRule = (name: string) => string | undefined;

/** RFC 1123 label: containers, volumes, namespaces, hostnames. */
export const dnsLabel: PlainRule = (name) => {
  if (isDnsLabel(name)) return undefined;
  if (name.length > 63) return tooLong(63);
  return isDnsSubdomain(name) ? 'must not contain dots' : labelRule;
};

/** RFC 1123 subdomain: the name of most objects. */
export const dnsSubdomain: PlainRule = (name) => {
  if (isDnsSubdomain(name)) return undefined;
  return name.length > 253 ? tooLong(253) : subdomainRule;
};

/** RFC 1035 label: services. */
export const serviceName: NameRule = (name) => {
  if (name.length > 63) return tooLong(63);
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : serviceNameRule;
};

/** What can stand in a URL path: roles and bindings. */
export const pathSegment: NameRule = (name) => {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  // Not upstream's rule, but a NUL can be part of no key of any store.
  const bad = ['/', '%', '\0'].find((character) => name.includes(character));
  return bad === undefined ? undefined : `may not contain '${bad === '\0' ? '\\0' : bad}'`;
};

/** Label keys, taint keys, finalizers, resource names (content.IsLabelKey). */
export const qualifiedName: NameRule = (name) => {
  if (isQualifiedName(name)) return undefined;
  if (name.split('/').length > 2)
    return `a valid label key ${namePartRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  const slash = name.indexOf('/');
  const part = name.slice(slash + 1);
  const prefix = slash < 0 ? undefined : name.slice(0, slash);
  const wrong: string[] = [];
  if (prefix === '') wrong.push('prefix part must be non-empty');
  else if (prefix !== undefined && prefix.length > 253) wrong.push(`prefix part ${tooLong(253, 'bytes')}`);
  else if (prefix !== undefined && !isDnsSubdomain(prefix)) wrong.push(`prefix part ${subdomainRule}`);
  if (part === '') wrong.push('name part must be non-empty');
  else if (part.length > 63) wrong.push(`name part ${tooLong(63, 'bytes')}`);
  if (!/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(part)) wrong.push(`name part ${namePartRule}`);
  return wrong;
};

export const labelValue: PlainRule = (value) => {
  if (isLabelValue(value)) return undefined;
  return value.length > 63 ? tooLong(63, 'bytes') : labelValueRule;
};

/** Keys of config maps and secrets: they become file names. */
export const configKey: NameRule = (key) => {
  if (key.length > 253) return tooLong(253);
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) return configKeyRule;
  if (key === '.' || key === '..') return `must not be '${key}'`;
  return key.startsWith('..') ? "must not start with '..'" : undefined;
};

/** Names of ports (RFC 6335 service names). */
export const portName: NameRule = (name) => {
  if (name.length > 15) return tooLong(15);
  return [
    ...(/^[-a-z0-9]+$/.test(name) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
    ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(name.startsWith('-') || name.endsWith('-') ? ['must not begin or end with a hyphen'] : []),
  ];
};

/** Names of environment variables, in the relaxed form of Kubernetes 1.34. */
export const environmentName: NameRule = (name) =>
  /^[ -<>-~]+$/.test(name)
    ? undefined
    : "a valid environment variable name must consist only of printable ASCII characters other than '='";

export const percentage: PlainRule = (value) => (/^\d+%$/.test(value) ? undefined : percentRule);

export const portRange = 'must be between 1 and 65535, inclusive';

export function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
