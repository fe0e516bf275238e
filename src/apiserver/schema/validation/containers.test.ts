// One row for each rule: what is wrong, and the error it must get.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { validateCreate } from '../index.ts';
import { errorsOf, pod, type Row } from './pods.test-support.ts';

const c = 'spec.containers[0]';

const rows: readonly Row[] = [
  ['nothing wrong', {}, []],
  [
    'a resize policy that is there twice, of what cannot be resized',
    {},
    [
      `${c}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"`,
      `${c}.resizePolicy[2]: Duplicate value: "cpu"`,
    ],
    {
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'disk', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'RestartContainer' },
      ],
    },
  ],
  [
    'a resize that restarts what never restarts',
    { restartPolicy: 'Never' },
    [`${c}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`],
    { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
  ],
  [
    'a sleep beyond the grace period',
    { terminationGracePeriodSeconds: 5 },
    [
      `${c}.lifecycle.preStop.sleep: Invalid value: 9: must be non-negative and less than terminationGracePeriodSeconds (5)`,
    ],
    { lifecycle: { preStop: { sleep: { seconds: 9 } } } },
  ],
  [
    'a claim that the pod does not make',
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'x' }] },
    [`${c}.resources.claims[1]: Not found: "other": must be one of the names in pod.spec.resourceClaims`],
    { resources: { claims: [{ name: 'gpu' }, { name: 'other' }] } },
  ],
  [
    'huge pages alone',
    {},
    [`${c}.resources: Forbidden: HugePages require cpu or memory`],
    { resources: { limits: { 'hugepages-2Mi': '4Mi' }, requests: { 'hugepages-2Mi': '4Mi' } } },
  ],
  [
    'a divisor that does not divide',
    {},
    [
      `${c}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
    { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '3' } } }] },
  ],
  [
    'a field of another version',
    {},
    [
      `${c}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
    ],
    { env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } } }] },
  ],
  [
    'an AppArmor profile of this machine without its name',
    {},
    [
      `${c}.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`,
    ],
    { securityContext: { appArmorProfile: { type: 'Localhost' } } },
  ],
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  ['no name', {}, [`${c}.name: Required value`], { name: '' }],
  ['no image', {}, [`${c}.image: Required value`], { image: '' }],
  [
    'an image with a blank',
    {},
    [`${c}.image: Invalid value: " i": must not have leading or trailing whitespace`],
    { image: ' i' },
  ],
  [
    'two containers of one name',
    {
      containers: [
        { name: 'c', image: 'i' },
        { name: 'c', image: 'i' },
      ],
    },
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    'an init container with the name of a container',
    { initContainers: [{ name: 'c', image: 'i' }] },
    ['spec.initContainers[0].name: Duplicate value: "c"'],
  ],
  [
    'a restart policy nobody knows',
    { restartPolicy: 'Maybe' },
    ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'a DNS policy nobody knows',
    { dnsPolicy: 'X' },
    [
      'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    'DNS policy None without servers',
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'a deadline of nothing',
    { activeDeadlineSeconds: 0 },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    'a pull policy nobody knows',
    {},
    [`${c}.imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"`],
    { imagePullPolicy: 'X' },
  ],
  [
    'a port too high',
    {},
    [`${c}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
    { ports: [{ containerPort: 70_000 }] },
  ],
  ['no port in a port', {}, [`${c}.ports[0].containerPort: Required value`], { ports: [{ name: 'a' }] }],
  [
    'a protocol nobody knows',
    {},
    [`${c}.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"`],
    { ports: [{ containerPort: 1, protocol: 'X' }] },
  ],
  [
    'two ports of one name',
    {},
    [`${c}.ports[1].name: Duplicate value: "a"`],
    {
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    },
  ],
  [
    'a port name without a letter',
    {},
    [`${c}.ports[0].name: Invalid value: "80": must contain at least one letter (a-z)`],
    { ports: [{ name: '80', containerPort: 80 }] },
  ],
  [
    'one host port twice',
    {},
    [`${c}.ports[1].hostPort: Duplicate value: "TCP//80"`],
    {
      ports: [
        { containerPort: 1, hostPort: 80 },
        { containerPort: 2, hostPort: 80 },
      ],
    },
  ],
  [
    'one host port for two protocols',
    {},
    [],
    {
      ports: [
        { containerPort: 53, hostPort: 53 },
        { containerPort: 53, hostPort: 53, protocol: 'UDP' },
      ],
    },
  ],
  [
    "another host port on the host's network",
    { hostNetwork: true },
    [`${c}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`],
    { ports: [{ containerPort: 80, hostPort: 81 }] },
  ],
  [
    'a request above its limit',
    {},
    [`${c}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    { resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } },
  ],
  [
    'a negative quantity',
    {},
    [`${c}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`],
    { resources: { requests: { cpu: '-1' } } },
  ],
  [
    'a resource nobody knows',
    {},
    [
      `${c}.resources.requests[cups]: Invalid value: "cups": must be a standard resource type or fully qualified`,
      `${c}.resources.requests[cups]: Invalid value: "cups": must be a standard resource for containers`,
    ],
    { resources: { requests: { cups: '1' } } },
  ],
  [
    'a fraction of a device',
    {},
    [
      `${c}.resources.limits[a.b/gpu]: Invalid value: "500m": must be an integer`,
      `${c}.resources.requests[a.b/gpu]: Invalid value: "500m": must be an integer`,
    ],
    { resources: { limits: { 'a.b/gpu': '0.5' } } },
  ],
  ['a variable without a name', {}, [`${c}.env[0].name: Required value`], { env: [{ name: '' }] }],
  [
    'a variable with = in its name',
    {},
    [
      `${c}.env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
    { env: [{ name: 'a=b' }] },
  ],
  [
    'a variable from nowhere',
    {},
    [
      `${c}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
    ],
    { env: [{ name: 'A', valueFrom: {} }] },
  ],
  [
    'a variable with a value and a source',
    {},
    [`${c}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
    { env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
  ],
  [
    'a source without its key',
    {},
    [`${c}.env[0].valueFrom.configMapKeyRef.key: Required value`],
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: '' } } }] },
  ],
  [
    'the node name and a label in variables',
    {},
    [],
    {
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } },
      ],
    },
  ],
  [
    'envFrom nowhere',
    {},
    [`${c}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
    { envFrom: [{}] },
  ],
];

describe('a container with', () => {
  for (const [why, spec, errors, container] of rows)
    test(why, () =>
      assert.deepEqual(
        errorsOf(() => validateCreate('v1/Pod', pod(spec, container))),
        errors,
      ),
    );
});
