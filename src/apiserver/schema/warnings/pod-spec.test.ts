import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer, daemonSet, pod } from '../../server.test-support.ts';
import { podWarnings } from './pod-spec.ts';

const main = { name: 'main', image: 'busybox:1' };
const at = 'spec.template.spec';

const cases: readonly (readonly [name: string, spec: object, warnings: readonly string[]])[] = [
  ['nothing to say', {}, []],
  [
    'a node selector with a label of old',
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    [`${at}.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead`],
  ],
  [
    'node affinity with a label of old, and with a value that no label has',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'node-role.kubernetes.io/master', operator: 'Exists' }] }],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] } },
          ],
        },
      },
    },
    [
      `${at}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: node-role.kubernetes.io/master is use "node-role.kubernetes.io/control-plane" instead`,
      `${at}.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[0]: - is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  ],
  [
    'a spread and an anti-affinity without a selector',
    {
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } },
    },
    [
      `${at}.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod`,
      `${at}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod`,
    ],
  ],
  [
    'volumes that do nothing any more',
    {
      volumes: [
        { name: 'g', glusterfs: {} },
        { name: 'r', gitRepo: {} },
      ],
    },
    [
      `${at}.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+`,
      `${at}.volumes[1].gitRepo: deprecated in v1.11, and disabled by default in v1.33+`,
    ],
  ],
  [
    'files that lie on each other',
    {
      volumes: [
        {
          name: 'c',
          configMap: {
            name: 'm',
            items: [
              { key: 'a', path: 'x' },
              { key: 'b', path: 'x/y' },
            ],
          },
        },
        {
          name: 'p',
          projected: {
            sources: [
              { secret: { name: 's', items: [{ key: 'k', path: 'token' }] } },
              { serviceAccountToken: { path: 'token' } },
              {},
            ],
          },
        },
      ],
    },
    [
      'volume "c" (ConfigMap "m"): overlapping paths: "x/y" with "x"',
      'volume "p" (Projected) has no sources provided',
      'volume "p" (Projected): overlapping paths: "token" (ServiceAccountToken) with "token" (Secret "s")',
    ],
  ],
  [
    'host aliases and pull secrets twice, or without a name',
    {
      hostAliases: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }, { ip: '2001:DB8::1' }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
    },
    [
      `${at}.hostAliases[1].ip: duplicate ip "10.0.0.1"`,
      `${at}.imagePullSecrets[1].name: duplicate name "a"`,
      `${at}.imagePullSecrets[2].name: invalid empty name ""`,
      `${at}.hostAliases[2].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")`,
    ],
  ],
  [
    'fractions of a byte, of memory and of disk alone',
    { containers: [{ ...main, resources: { limits: { memory: '100m', cpu: '100m' }, requests: { memory: '1Ki' } } }] },
    [`${at}.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer`],
  ],
  [
    'a variable that hides another, but not one that is made of it',
    {
      containers: [
        {
          ...main,
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '$(A)2' },
            { name: 'A', value: '3' },
          ],
        },
      ],
    },
    [`${at}.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply`],
  ],
  [
    'ports that meet, of one container and of two',
    {
      containers: [
        {
          ...main,
          ports: [
            { containerPort: 80, protocol: 'TCP', name: 'web' },
            { containerPort: 80, protocol: 'TCP' },
          ],
        },
        { ...main, name: 'other', ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 80, name: 'web' }] },
      ],
    },
    [
      `${at}.containers[0].ports[1]: duplicate port definition with ${at}.containers[0].ports[0]`,
      `${at}.containers[1].ports[0]: overlapping port definition with ${at}.containers[0].ports[0]`,
      `${at}.containers[1].ports[0]: overlapping port definition with ${at}.containers[0].ports[1]`,
      `${at}.containers[1].ports[0]: duplicate port name "web" with ${at}.containers[0].ports[0], services and probes that select ports by name will use ${at}.containers[0].ports[0]`,
    ],
  ],
  [
    'a negative grace period',
    { terminationGracePeriodSeconds: -1 },
    [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`],
  ],
];

for (const [name, spec, expected] of cases)
  test(`warnings of a template: ${name}`, () => {
    const template = { metadata: {}, spec: { containers: [main], ...spec } };
    assert.deepEqual(podWarnings('spec.template', template), expected);
  });

test('warnings of annotations that became fields', () => {
  const annotations = {
    'scheduler.alpha.kubernetes.io/critical-pod': '',
    'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
    'container.apparmor.security.beta.kubernetes.io/main': 'unconfined',
  };
  const warnings = (spec: object) =>
    podWarnings('spec.template', { metadata: { annotations }, spec: { containers: [main], ...spec } });
  assert.deepEqual(warnings({}), [
    'spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    'spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    'spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: deprecated since v1.30; use the "appArmorProfile" field instead',
  ]);
  const securityContext = { seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'Unconfined' } };
  assert.equal(warnings({ securityContext }).length, 1, 'the fields say the same');
});

test('a DaemonSet is warned of when it is made and when its template changes, a pod when it is made', async () => {
  const { respond } = await createTestServer();
  const inDefault = { namespace: 'default' } as const;
  const warned = daemonSet('agent');
  Object.assign((warned['spec'] as { template: { spec: object } }).template.spec, {
    nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
  });
  const resource = 'daemonsets';
  const patch = (body: object) =>
    respond({
      verb: 'patch',
      resource,
      ...inDefault,
      name: 'agent',
      patchType: 'application/merge-patch+json',
      body,
    });
  const says = [
    'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ];
  assert.deepEqual((await respond({ verb: 'create', resource, ...inDefault, body: warned })).warnings, says);
  assert.deepEqual((await patch({ spec: { minReadySeconds: 5 } })).warnings, []);
  assert.deepEqual((await patch({ spec: { template: { spec: { hostPID: true } } } })).warnings, says);
  const created = await respond({ verb: 'create', resource: 'pods', ...inDefault, body: pod('a.b', {}, {}) });
  assert.match(created.warnings?.join() ?? '', /^metadata.name: this is used in the Pod's hostname, which can/);
});

test('thousands of files and ports cost what they weigh', () => {
  const items = Array.from({ length: 50_000 }, (_, index) => ({ key: 'k', path: `x/${index}` }));
  const ports = Array.from({ length: 50_000 }, (_, index) => ({ containerPort: 80, protocol: 'TCP', hostPort: index }));
  const spec = { containers: [{ ...main, ports }], volumes: [{ name: 'v', configMap: { name: 'm', items } }] };
  assert.ok(podWarnings('', { spec }).length > 0);
});
