// Writes the Helm chart in deploy/helm/everynode from what `everynode install` prints, so that the two cannot differ:
// the objects are made with a token for every value that may be chosen, and the tokens become `{{ .Values.… }}`.
// `npm run generate` runs it; a test finds the chart that was not generated again.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installObjects } from '../src/cli/install/manifests.ts';
import { defaultInstallOptions } from '../src/cli/install/options.ts';
import { formatYaml } from '../src/machinery/index.ts';

export const chartDirectory = join(import.meta.dirname, '..', 'deploy', 'helm', 'everynode');

/** A number that stands for the value: what is a number in the manifest must be one in the template. */
const replicasToken = 8_675_309;
const tokens: readonly (readonly [token: string, template: string])[] = [
  ['token-namespace', '{{ .Release.Namespace }}'],
  ['token-image', '{{ .Values.image }}'],
  ['token-log-level', '{{ .Values.logLevel }}'],
  ['token-cpu-request', '{{ .Values.resources.cpuRequest }}'],
  ['token-memory-request', '{{ .Values.resources.memoryRequest }}'],
  ['token-memory-limit', '{{ .Values.resources.memoryLimit }}'],
  [String(replicasToken), '{{ .Values.replicas }}'],
];

/** Path in the chart → content. */
export function chartFiles(version: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ['Chart.yaml', chart(version)],
    ['values.yaml', values(version)],
  ]);
  const objects = installObjects({
    namespace: 'token-namespace',
    createNamespace: false,
    image: 'token-image',
    version,
    replicas: replicasToken,
    logLevel: 'token-log-level',
    cpuRequest: 'token-cpu-request',
    memoryRequest: 'token-memory-request',
    memoryLimit: 'token-memory-limit',
    serviceMonitor: true,
  });
  for (const object of objects) {
    const text = templated(formatYaml(object));
    const optional = object.kind === 'ServiceMonitor';
    const content = optional ? `{{- if .Values.serviceMonitor }}\n${text}{{- end }}\n` : text;
    files.set(`${folderOf(object.kind)}/${object.kind.toLowerCase()}.yaml`, content);
  }
  return files;
}

/**
 * Helm installs what is in crds/ before the rest, as it is, and never changes or deletes it: with a definition every
 * policy would go. https://helm.sh/docs/chart_best_practices/custom_resource_definitions/
 */
function folderOf(kind: string): string {
  return kind === 'CustomResourceDefinition' ? 'crds' : 'templates';
}

/** A template that is a whole value is quoted: what somebody chooses stays text, as it is without Helm. */
function templated(yaml: string): string {
  return tokens.reduce((text, [token, template]) => {
    const whole = template.includes('replicas') ? template : `'${template}'`;
    return text.replaceAll(new RegExp(`(?<=: )${token}$`, 'gm'), whole).replaceAll(token, template);
  }, yaml);
}

function chart(version: string): string {
  return formatYaml({
    apiVersion: 'v2',
    name: 'everynode',
    description: 'A DaemonSet controller in place of the one in kube-controller-manager.',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: '>=1.25.0-0',
  });
}

function values(version: string): string {
  const { image, replicas, logLevel, cpuRequest, memoryRequest, memoryLimit } = defaultInstallOptions(version);
  return [
    "# The image. 'npm run image' builds it; push it to a registry that your nodes reach, or import it on them.",
    formatYaml({ image }),
    '# Replicas, of which one leads.',
    formatYaml({ replicas }),
    '# Least important log lines to write: debug, info, warn, error.',
    formatYaml({ logLevel }),
    '# For a replica. There is no CPU limit: a throttled leader misses its renewals.',
    formatYaml({ resources: { cpuRequest, memoryRequest, memoryLimit } }),
    "# With a ServiceMonitor, for the Prometheus operator's clusters.",
    formatYaml({ serviceMonitor: false }),
  ]
    .join('\n')
    .replaceAll('\n\n', '\n');
}

function main(): void {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  rmSync(chartDirectory, { recursive: true, force: true });
  for (const [path, content] of chartFiles(version)) {
    const file = join(chartDirectory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

if (import.meta.main) main();
