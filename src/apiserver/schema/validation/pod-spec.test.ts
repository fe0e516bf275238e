// One row for each rule: what is wrong, and the error it must get.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { validateCreate } from '../index.ts';
import { errorsOf, type Fields, pod, type Row } from './pods.test-support.ts';

const c = 'spec.containers[0]';
const volumes = [{ name: 'v' }];
const mount = { name: 'v', mountPath: '/v' };
const affinity = (requirement: Fields, kind = 'matchExpressions') => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ [kind]: [requirement] }] },
    },
  },
});
const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';

const rows: readonly Row[] = [
  [
    'recursive read-only mounts that are written to',
    { volumes },
    [`${c}.volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
    { volumeMounts: [{ ...mount, recursiveReadOnly: 'Enabled' }] },
  ],
  [
    "users of one's own on the host's network",
    { hostUsers: false, hostNetwork: true },
    ['spec.hostNetwork: Forbidden: when `hostUsers` is false'],
  ],
  [
    'an operating system nobody has',
    { os: { name: 'plan9' } },
    ['spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"'],
  ],
  [
    'a DNS server by name',
    { dnsConfig: { nameservers: ['ns.example.com'], searches: ['svc.cluster.local.', 'my_team.example.com'] } },
    [
      'spec.dnsConfig.nameservers[0]: Invalid value: "ns.example.com": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'an alias of no address',
    { hostAliases: [{ ip: 'here', hostnames: ['a'] }] },
    ['spec.hostAliases[0].ip: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'a sysctl that is none, and a change of owners nobody knows',
    { securityContext: { sysctls: [{ name: 'a..b', value: '1' }], fsGroupChangePolicy: 'Sometimes' } },
    [
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Sometimes": supported values: "Always", "OnRootMismatch"',
      'spec.securityContext.sysctls[0].name: Invalid value: "a..b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    ],
  ],
  [
    'two volumes of one name',
    { volumes: [{ name: 'v' }, { name: 'v' }] },
    ['spec.volumes[1].name: Duplicate value: "v"'],
  ],
  [
    'a volume of two sources',
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a host path without a path',
    { volumes: [{ name: 'v', hostPath: { path: '' } }] },
    ['spec.volumes[0].hostPath.path: Required value'],
  ],
  [
    'a host path that steps back',
    { volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] },
    ['spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
  ],
  [
    'a host path of no type',
    { volumes: [{ name: 'v', hostPath: { path: '/a', type: 'Dir' } }] },
    [
      'spec.volumes[0].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  [
    'a mode beyond 0777',
    { volumes: [{ name: 'v', configMap: { name: 'm', defaultMode: 512 } }] },
    [
      'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [
    'a token that expires too soon',
    {
      volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 5 } }] } }],
    },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
  ],
  ['a mount of no volume', {}, [`${c}.volumeMounts[0].name: Not found: "v"`], { volumeMounts: [mount] }],
  [
    'one mount path twice',
    { volumes },
    [`${c}.volumeMounts[1].mountPath: Invalid value: "/v": must be unique`],
    { volumeMounts: [mount, mount] },
  ],
  [
    'an absolute subPath',
    { volumes },
    [`${c}.volumeMounts.subPath: Invalid value: "/x": must be a relative path`],
    { volumeMounts: [{ ...mount, subPath: '/x' }] },
  ],
  [
    'propagation both ways without privilege',
    { volumes },
    [
      `${c}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
    { volumeMounts: [{ ...mount, mountPropagation: 'Bidirectional' }] },
  ],
  [
    'propagation both ways with privilege',
    { volumes },
    [],
    { volumeMounts: [{ ...mount, mountPropagation: 'Bidirectional' }], securityContext: { privileged: true } },
  ],
  [
    'a probe that does nothing',
    {},
    [`${c}.livenessProbe: Required value: must specify a handler type`],
    { livenessProbe: {} },
  ],
  [
    'a probe that does two things',
    {},
    [`${c}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`],
    { readinessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } },
  ],
  [
    'a liveness probe with two successes',
    {},
    [`${c}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
    { livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } },
  ],
  [
    'a probe of no port',
    {},
    [`${c}.startupProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
    { startupProbe: { httpGet: { port: 0 } } },
  ],
  [
    'an init container with a probe',
    { initContainers: [{ name: 'i', image: 'i', livenessProbe: { exec: { command: ['a'] } } }] },
    [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    'a sidecar with a probe',
    {
      initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Always', livenessProbe: { exec: { command: ['a'] } } }],
    },
    [],
  ],
  [
    'a toleration of everything without Exists',
    { tolerations: [{ operator: 'Equal' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'a toleration that exists and has a value',
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
    [
      'spec.tolerations[0].operator: Invalid value: {"key":"a","operator":"Exists","value":"b"}: value must be empty when `operator` is \'Exists\'',
    ],
  ],
  [
    'a toleration for a while of what does not evict',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }] },
    [
      'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
  ],
  [
    'an effect nobody knows',
    { tolerations: [{ key: 'a', effect: 'Explode' }] },
    [
      'spec.tolerations[0].effect: Unsupported value: "Explode": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'an operator of tolerations nobody knows',
    { tolerations: [{ key: 'a', operator: 'In' }] },
    ['spec.tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"'],
  ],
  [
    'affinity without terms',
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
    [`${terms}: Required value: must have at least one node selector term`],
  ],
  [
    'In without values',
    affinity({ key: 'a', operator: 'In' }),
    [`${terms}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`],
  ],
  [
    'Exists with values',
    affinity({ key: 'a', operator: 'Exists', values: ['b'] }),
    [
      `${terms}[0].matchExpressions[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
    ],
  ],
  [
    'Gt with two values',
    affinity({ key: 'a', operator: 'Gt', values: ['1', '2'] }),
    [
      `${terms}[0].matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
    ],
  ],
  [
    'an operator nobody knows',
    affinity({ key: 'a', operator: 'Near' }),
    [`${terms}[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator`],
  ],
  ['a pinned node', affinity({ key: 'metadata.name', operator: 'In', values: ['n'] }, 'matchFields'), []],
  [
    'a pin on two nodes',
    affinity({ key: 'metadata.name', operator: 'In', values: ['n', 'm'] }, 'matchFields'),
    [
      `${terms}[0].matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
    ],
  ],
  [
    'a pin by another field',
    affinity({ key: 'metadata.uid', operator: 'In', values: ['n'] }, 'matchFields'),
    [`${terms}[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`],
  ],
  [
    'a priority class that is no name',
    { priorityClassName: 'High' },
    [
      "spec.priorityClassName: Invalid value: \"High\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    'a user id below zero',
    {},
    [`${c}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`],
    { securityContext: { runAsUser: -1 } },
  ],
  [
    'no escalation and privilege',
    {},
    [
      `${c}.securityContext: Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
    { securityContext: { allowPrivilegeEscalation: false, privileged: true } },
  ],
  [
    'the same topology twice',
    {
      topologySpreadConstraints: [1, 2].map((maxSkew) => ({
        maxSkew,
        topologyKey: 'z',
        whenUnsatisfiable: 'DoNotSchedule',
      })),
    },
    ['spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z, DoNotSchedule}"'],
  ],
  [
    'a topology by any name but none',
    {
      topologySpreadConstraints: ['a=b', ''].map((topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'DoNotSchedule',
      })),
    },
    ['spec.topologySpreadConstraints[1].topologyKey: Required value: can not be empty'],
  ],
  [
    'keys of a config map by any name, and a mount of a volume that is wrong',
    {
      volumes: [
        { name: 'v', configMap: { name: 'm', items: [{ key: '*', path: 'p' }] } },
        { name: 'w', hostPath: {} },
      ],
    },
    ['spec.volumes[1].hostPath.path: Required value', 'spec.containers[0].volumeMounts[1].name: Not found: "w"'],
    { volumeMounts: ['v', 'w'].map((name) => ({ name, mountPath: `/${name}` })) },
  ],
];

describe('a pod with', () => {
  for (const [why, spec, errors, container] of rows)
    test(why, () =>
      assert.deepEqual(
        errorsOf(() => validateCreate('v1/Pod', pod(spec, container))),
        errors,
      ),
    );
});
