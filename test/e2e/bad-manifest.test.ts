// Flow 6: a bad manifest gets the API's own style of error, naming the field, and nothing is stored.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { namespace } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const seed = readFileSync(seedManifest, 'utf8');
/** The seed with one passage replaced. */
function seedWith(passage: string, replacement: string): string {
  assert.ok(seed.includes(passage), `the seed has '${passage}'`);
  return seed.replace(passage, replacement);
}

const invalid = /The DaemonSet "fluentd-elasticsearch" is invalid/;
const cases = [
  {
    name: 'a selector that does not match the template',
    manifest: seedWith('      name: fluentd-elasticsearch\n  template:', '      name: something-else\n  template:'),
    expected: [
      invalid,
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    ],
  },
  {
    name: 'restartPolicy Never',
    manifest: seedWith('      terminationGracePeriodSeconds: 30', '      restartPolicy: Never'),
    expected: [invalid, /spec\.template\.spec\.restartPolicy: Unsupported value: "Never": supported values: "Always"/],
  },
  {
    name: 'maxUnavailable and maxSurge both set',
    manifest: seedWith(
      '  template:\n',
      '  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 1}}\n  template:\n',
    ),
    expected: [
      invalid,
      /spec\.updateStrategy\.rollingUpdate\.maxSurge: Invalid value: .*may not be set when maxUnavailable is non-zero/,
    ],
  },
  {
    name: 'an unknown field',
    manifest: seedWith('  template:\n', '  replicas: 3\n  template:\n'),
    // kubectl 1.20 checks this itself, against the server's OpenAPI; newer ones leave it to the server.
    expected: [/unknown field "(spec\.)?replicas"/],
  },
  {
    name: 'a container without an image',
    manifest: seedWith('        image: quay.io/fluentd_elasticsearch/fluentd:v2.5.2\n', ''),
    expected: [invalid, /spec\.template\.spec\.containers\[0\]\.image: Required value/],
  },
  {
    name: 'a mount of a volume that is not there',
    manifest: seedWith('      - name: varlog\n        hostPath:', '      - name: otherlog\n        hostPath:'),
    expected: [invalid, /spec\.template\.spec\.containers\[0\]\.volumeMounts\[0\]\.name: Not found: "varlog"/],
  },
];

test('bad manifests are refused in the words of Kubernetes and leave nothing behind', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes: 1 });
  for (const { name, manifest, expected } of cases) {
    await t.test(name, async () => {
      const outcome = await kubectl.attempt(['apply', '-f', '-'], manifest);
      assert.equal(outcome.code, 1);
      for (const words of expected) assert.match(outcome.stderr, words);
      assert.doesNotMatch(outcome.stderr, /\n\s+at /, 'no stack trace');
      assert.deepEqual((await kubectl.get<{ items: unknown[] }>('-n', namespace, 'daemonsets')).items, []);
    });
  }
});
