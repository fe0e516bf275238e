import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Stored } from '../../api/index.ts';
import { SecurityProfileType } from '../cri/index.ts';
import { podNetwork } from './cni.ts';
import { containerConfig } from './container-config.ts';
import { hostsFileOf } from './hosts-file.ts';
import { parseThreads } from './node/health.ts';
import { parseMeminfo } from './node/machine.ts';
import { containerLogLink, podLogDirectory } from './paths.ts';
import { sandboxConfig } from './sandbox-config.ts';

const paths = { root: '/r', podLogs: '/var/log/pods', containerLogs: '/var/log/containers' };
const pod: Stored<Pod> = {
  metadata: {
    name: 'agent-x',
    namespace: 'ns',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'agent' },
  },
  spec: {
    hostAliases: [{ ip: '192.0.2.7', hostnames: ['seven', 'sieben'] }],
    initContainers: [
      { name: 'once', ports: [{ containerPort: 1, hostPort: 1 }] },
      { name: 'side', restartPolicy: 'Always', ports: [{ containerPort: 2, hostPort: 20, protocol: 'UDP' }] },
    ],
    containers: [
      {
        name: 'main',
        command: ['run', '$(WORD)'],
        args: ['$$(WORD)', '$(NOBODY)'],
        ports: [{ containerPort: 3, hostPort: 30, hostIP: '192.0.2.1' }, { containerPort: 4 }],
      },
    ],
  },
};
const resolver = { servers: ['192.0.2.53'], searches: [], options: [] };
const context = { nodeName: 'n', attempt: 2, paths, resolver, cgroupParent: 'everynode.slice' };

test('a sandbox: found again by its labels, with the ports of what lasts', () => {
  const config = sandboxConfig(pod, context);
  assert.deepEqual(config.labels, {
    app: 'agent',
    'io.kubernetes.pod.name': 'agent-x',
    'io.kubernetes.pod.namespace': 'ns',
    'io.kubernetes.pod.uid': 'u',
    'everynode.dev/node': 'n',
  });
  assert.equal(config.linux?.cgroupParent, 'everynode.slice');
  assert.deepEqual(config.metadata, { name: 'agent-x', namespace: 'ns', uid: 'u', attempt: 2 });
  assert.deepEqual(
    config.portMappings?.map(({ containerPort, hostPort, hostIp, protocol }) => [
      containerPort,
      hostPort,
      hostIp,
      protocol,
    ]),
    [
      [2, 20, '', 1],
      [3, 30, '192.0.2.1', 0],
    ],
  );
  const onHost = sandboxConfig({ ...pod, spec: { ...pod.spec, hostNetwork: true } }, context);
  assert.deepEqual([onHost.hostname, onHost.portMappings], ['', []]);
  assert.equal(
    sandboxConfig({ ...pod, spec: { ...pod.spec, hostname: 'h'.repeat(62) + '-x' } }, context).hostname,
    'h'.repeat(62),
  );
});

test('a subdomain makes the pod’s name longer in its files, and for the kernel where asked for and short enough', () => {
  const named = (spec: Partial<Pod['spec']>): Stored<Pod> => ({ ...pod, spec: { ...pod.spec, ...spec } });
  const plain = named({ hostname: 'one', subdomain: 'sub' });
  assert.equal(sandboxConfig(plain, context).hostname, 'one');
  assert.match(hostsFileOf(plain, '10.64.0.2', ''), /^10\.64\.0\.2\tone\.sub\.ns\.svc\.cluster\.local\tone$/m);
  const qualified = { subdomain: 'sub', setHostnameAsFQDN: true };
  assert.equal(sandboxConfig(named(qualified), context).hostname, 'agent-x.sub.ns.svc.cluster.local');
  assert.throws(() => sandboxConfig(named({ ...qualified, hostname: 'h'.repeat(60) }), context), {
    name: 'ConfigError',
    message: /^failed to construct FQDN .* is too long \(64 characters is the max, 85 characters requested\)$/,
  });
  assert.equal(sandboxConfig(named({ ...qualified, hostnameOverride: 'other' }), context).hostname, 'other');
});

test('what holds a pod’s namespaces is confined by the runtime’s profile, not by the pod’s', () => {
  const strict = { ...pod, spec: { ...pod.spec, securityContext: { seccompProfile: { type: 'Localhost' } } } };
  const { seccomp } = sandboxConfig(strict, context).linux!.securityContext!;
  assert.equal(seccomp?.profileType, SecurityProfileType.RuntimeDefault);
});

test('a pod that wants a user namespace is refused: it would run as the host’s root', () => {
  assert.throws(() => sandboxConfig({ ...pod, spec: { ...pod.spec, hostUsers: false } }, context), /user namespaces/);
});

test('a container: words expanded, environment and mounts as worked out, log named by its attempt', () => {
  const config = containerConfig(pod, pod.spec.containers[0]!, {
    nodeName: 'n',
    attempt: 3,
    imageId: 'sha256:1',
    imageUser: { uid: undefined, username: '' },
    seccompProfiles: '/r/seccomp',
    environment: new Map([['WORD', 'ä']]),
    mounts: [{ hostPath: '/h', containerPath: '/c', readOnly: true, propagation: 'Bidirectional' }],
    nodeMemoryBytes: 1,
    cgroups: 2,
  });
  assert.deepEqual(
    [config.command, config.args],
    [
      ['run', 'ä'],
      ['$(WORD)', '$(NOBODY)'],
    ],
  );
  assert.deepEqual(
    config.envs?.map(({ key, value }) => [key, new TextDecoder().decode(value)]),
    [['WORD', 'ä']],
  );
  assert.deepEqual(config.mounts, [{ hostPath: '/h', containerPath: '/c', readonly: true, propagation: 2 }]);
  assert.deepEqual(config.linux?.resources?.unified, { 'memory.oom.group': '1' });
  assert.deepEqual([config.logPath, config.metadata?.attempt, config.image?.image], ['main/3.log', 3, 'sha256:1']);
});

test('logs lie where log collectors look for them', () => {
  assert.equal(podLogDirectory(paths, pod), '/var/log/pods/ns_agent-x_u');
  assert.equal(containerLogLink(paths, pod, 'main', 'containerd://abc'), '/var/log/containers/agent-x_ns_main-abc.log');
});

test('/etc/hosts: the pod’s own name and its aliases; in the host’s network the host’s file and the aliases', () => {
  const own = hostsFileOf(pod, '10.64.0.2', 'ignored');
  assert.match(own, /^127\.0\.0\.1\tlocalhost$/m);
  assert.match(own, /^10\.64\.0\.2\tagent-x$/m);
  assert.match(own, /^192\.0\.2\.7\tseven\tsieben$/m);
  const host = hostsFileOf({ ...pod, spec: { ...pod.spec, hostNetwork: true } }, '192.0.2.1', '127.0.0.1 mine\n');
  assert.match(host, /^127\.0\.0\.1 mine$/m);
  assert.match(host, /sieben$/m);
  assert.doesNotMatch(host, /agent-x/);
});

test('the network that is written when there is none has the node’s own addresses', () => {
  const [cable] = podNetwork('10.64.0.0/24').plugins;
  assert.deepEqual(cable?.ipam?.ranges, [[{ subnet: '10.64.0.0/24' }]]);
});

test('threads are counted, not processes: each takes an ID', () => {
  assert.equal(parseThreads('0.54 1.20 1.30 3/4711 99999\n'), 4711);
  assert.equal(parseThreads(''), 0);
});

test('/proc/meminfo is read by name', () => {
  const lines = 'MemTotal:       24685028 kB\nMemAvailable:   22632000 kB\nHugePages_Total:       0\nrubbish\n';
  assert.deepEqual(
    [...parseMeminfo(lines)],
    [
      ['MemTotal', 24_685_028],
      ['MemAvailable', 22_632_000],
      ['HugePages_Total', 0],
    ],
  );
});
