// What a container finds inside: its user and groups, capabilities, namespaces, files of its volumes, names and addresses.
// Each container says what it sees, and the host is asked whether it is so.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../src/api/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, mountsBelow, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld, type World } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test('a container finds what its spec says', needsContainerd, async (t) => {
  const world = await startWorld(t, containerd);
  await t.test('users and groups, of the container, its pod and its image', () => users(world));
  await t.test('capabilities, a profile of the machine, and no way to more', () => confinement(world));
  await t.test('namespaces: of the host, of its pod, its own', () => namespaces(world));
  await t.test('names, aliases and DNS', () => names(world));
  await t.test('files of its volumes, in parts and read-only, and none beyond them', () => files(world));
  await t.test('files that change under it, all at once', () => changes(world));
  await t.test('its environment, from all there is', () => environment(world));
  await t.test('an account: with what it finds it is known to the API server', () => account(world));
  await t.test('what is less than it asked for is refused', () => refusals(world));
});

/** Runs the scripts, each in a pod of its own, and gives what each said. */
async function say(
  { apply, everynode, pod }: World,
  pods: Readonly<Record<string, readonly [script: string, container?: Partial<Container>, spec?: Partial<PodSpec>]>>,
): Promise<Readonly<Record<string, string>>> {
  const made = Object.entries(pods).map(([name, [script, container = {}, spec = {}]]) =>
    podOf(name, { command: shell(script), ...container }, { restartPolicy: 'Never', ...spec }),
  );
  await apply(...made);
  const said: Record<string, string> = {};
  for (const name of Object.keys(pods)) {
    await eventually(`${name} has ended`, async () => {
      const { status } = await pod(name);
      const why = JSON.stringify(status?.containerStatuses?.map(({ state }) => state));
      assert.match(status?.phase ?? '', /^(Succeeded|Failed)$/, why);
    });
    said[name] = await everynode.kubectl.run(['logs', name]);
  }
  return said;
}

/** What client libraries look for: nothing of it stands in the pod's own spec. */
async function account(world: World): Promise<void> {
  const files = 'cd /var/run/secrets/kubernetes.io/serviceaccount && cat namespace && echo && cat token ca.crt';
  const script = `echo $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT && ${files}`;
  const { plain = '' } = await say(world, { plain: [script, {}, { hostNetwork: true }] });
  const [address = '', namespace, rest = ''] = plain.split(/\n(.*)\n([^]*)/, 3);
  assert.equal(namespace, 'default');
  const [host = '', port = ''] = address.split(' ');
  const [token = '', ca = ''] = rest.split(/(?=-----BEGIN)/, 2);
  const headers = { authorization: `Bearer ${token.trim()}` };
  const [answer] = (await once(get({ host, port, ca, path: '/api/v1/nodes', headers }), 'response')) as [
    IncomingMessage,
  ];
  assert.equal(answer.statusCode, 403);
  assert.match(await text(answer), /User \\"system:serviceaccount:default:default\\" cannot list resource/);
}

async function users(world: World): Promise<void> {
  const token = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
  const volumes = [
    { name: 'token', ...token },
    { name: 'empty', emptyDir: {} },
  ];
  const mounted = {
    volumeMounts: [
      { name: 'token', mountPath: '/t' },
      { name: 'empty', mountPath: '/e' },
    ],
  };
  const show = 'id; stat -Lc "%u %g %a" /t/token; cut -c1-3 /t/token; touch /e/f && stat -c "%u %g" /e/f';
  const said = await say(world, {
    'group-only': [show, mounted, { volumes, securityContext: { runAsGroup: 3000 } }],
    'user-of-pod': [show, mounted, { volumes, securityContext: { runAsUser: 65_534 } }],
    'group-of-files': [
      show,
      { ...mounted, securityContext: { runAsUser: 5, runAsGroup: 6 } },
      { volumes, securityContext: { runAsUser: 7, fsGroup: 8, supplementalGroups: [9] } },
    ],
  });
  assert.equal(said['group-only'], 'uid=0(root) gid=3000 groups=3000\n0 0 644\neyJ\n0 3000\n');
  assert.equal(said['user-of-pod'], 'uid=65534 gid=0(root) groups=0(root)\n65534 0 600\neyJ\n65534 0\n');
  assert.equal(said['group-of-files'], 'uid=5 gid=6 groups=6,8,9\n5 8 640\neyJ\n5 8\n');
}

async function confinement(world: World): Promise<void> {
  const profiles = join(containerd.nodeDirectory, 'seccomp', 'mine');
  mkdirSync(profiles, { recursive: true });
  const noMkdir = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' };
  const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [noMkdir] };
  writeFileSync(join(profiles, 'no-mkdir.json'), JSON.stringify(profile));
  const local = { seccompProfile: { type: 'Localhost', localhostProfile: 'mine/no-mkdir.json' } };
  const caps = 'sed -n "s/^CapEff:\\t//p; s/^NoNewPrivs:\\t//p" /proc/self/status';
  const said = await say(world, {
    profile: ['mkdir /x 2>&1; touch /y && echo touched', { securityContext: local }],
    'profile-of-pod': ['mkdir /x 2>&1; touch /y && echo touched', {}, { securityContext: local }],
    'read-only': ['touch /x 2>&1; echo $?', { securityContext: { readOnlyRootFilesystem: true } }],
    capable: [
      caps,
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        },
      },
    ],
    privileged: [`${caps}; ls /dev/kmsg`, { securityContext: { privileged: true } }],
  });
  for (const name of ['profile', 'profile-of-pod'])
    assert.match(said[name]!, /mkdir: can't create directory '\/x': Operation not permitted\ntouched\n/);
  assert.match(said['read-only']!, /Read-only file system\n1\n/);
  // CAP_NET_ADMIN is bit 12.
  assert.equal(said['capable'], '0000000000001000\n1\n');
  const [all] = said['privileged']!.split('\n');
  const own = /^CapEff:\s+(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
  assert.equal(BigInt(`0x${all}`) & BigInt(`0x${own}`), BigInt(`0x${own}`));
  assert.match(said['privileged']!, /\/dev\/kmsg/);
}

async function namespaces(world: World): Promise<void> {
  const { apply, everynode, status } = world;
  const see = 'for n in net pid ipc uts; do readlink /proc/self/ns/$n; done';
  const said = await say(world, {
    own: [see],
    'of-host': [`${see}; cat /proc/1/comm`, {}, { hostNetwork: true, hostPID: true, hostIPC: true }],
  });
  const host = ['net', 'pid', 'ipc'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
  assert.deepEqual(said['of-host']!.split('\n').slice(0, 3), host);
  assert.equal(said['of-host']!.split('\n')[4], readFileSync('/proc/1/comm', 'utf8').trim());
  for (const namespace of said['own']!.split('\n').slice(0, 3)) assert.ok(!host.includes(namespace), namespace);

  const both = podOf('shared', { command: shell(forEver) }, { shareProcessNamespace: true });
  const other = { name: 'other', image: toolsImage, command: ['sleep', '12345'] };
  await apply({ ...both, spec: { ...both.spec, containers: [...both.spec.containers, other] } });
  await eventually('both run', async () => assert.ok((await status('shared', 1)).state?.running !== undefined));
  assert.match(await everynode.kubectl.run(['exec', 'shared', '-c', 'main', '--', 'ps']), /sleep 12345/);
}

async function names(world: World): Promise<void> {
  const see = 'hostname; cat /etc/hosts; echo --; cat /etc/resolv.conf';
  const dnsConfig = {
    nameservers: ['192.0.2.53'],
    searches: ['a.example'],
    options: [{ name: 'ndots', value: '3' }, { name: 'rotate' }],
  };
  const hostAliases = [{ ip: '192.0.2.7', hostnames: ['seven', 'sieben'] }];
  const said = await say(world, {
    named: [
      see,
      {},
      { hostname: 'one', subdomain: 'sub', setHostnameAsFQDN: true, hostAliases, dnsPolicy: 'None', dnsConfig },
    ],
    defaults: [see, {}, { dnsPolicy: 'Default' }],
    added: [see, {}, { dnsPolicy: 'ClusterFirst', dnsConfig }],
    'like-host': [see, {}, { hostNetwork: true, hostAliases }],
  });
  const [hosts, resolver] = said['named']!.split('--\n');
  assert.match(hosts!, /^one\.sub\.default\.svc\.cluster\.local\n/);
  assert.match(hosts!, /^10\.64\.0\.\d+\tone\.sub\.default\.svc\.cluster\.local\tone$/m);
  assert.match(hosts!, /^192\.0\.2\.7\tseven\tsieben$/m);
  assert.equal(resolver, 'search a.example\nnameserver 192.0.2.53\noptions ndots:3 rotate\n');
  const ofHost = readFileSync('/etc/resolv.conf', 'utf8');
  const servers = [...ofHost.matchAll(/^nameserver\s+(\S+)$/gm)].map(([, server]) => server);
  for (const server of servers) assert.match(said['defaults']!, new RegExp(`^nameserver ${server}$`, 'm'));
  assert.match(said['defaults']!, /^defaults\n/);
  assert.match(said['added']!, /^nameserver 192\.0\.2\.53$/m);
  assert.match(said['like-host']!, new RegExp(`^${hostname()}\n`));
  assert.match(said['like-host']!, /^192\.0\.2\.7\tseven\tsieben$/m);
}

async function files(world: World): Promise<void> {
  const { host } = world;
  mkdirSync(join(host, 'sub'));
  writeFileSync(join(host, 'sub', 'file'), 'inside');
  symlinkSync('/etc', join(host, 'escape'));
  const volumes = [
    { name: 'host', hostPath: { path: host } },
    { name: 'shared', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  ];
  const mount = (mountPath: string, more: object) => ({ name: 'host', mountPath, ...more });
  const said = await say(world, {
    parts: [
      'cat /one /s/file; touch /s/new 2>&1; echo $?; touch /made/x; echo by $NAME; dd if=/dev/zero of=/m/x bs=1M count=2 2>&1',
      {
        env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        volumeMounts: [
          mount('/one', { subPath: 'sub/file' }),
          mount('/s', { subPath: 'sub', readOnly: true }),
          mount('/made', { subPathExpr: 'of/$(NAME)' }),
          { name: 'memory', mountPath: '/m' },
        ],
      },
      { volumes },
    ],
  });
  assert.match(said['parts']!, /^insideinsidetouch: \/s\/new: Read-only file system\n1\nby parts\n[^]*No space left/);
  assert.equal(readFileSync(join(host, 'of', 'parts', 'x'), 'utf8'), '');

  // One container turns a directory of a shared volume into a link to the host's files for the other.
  const { apply, status } = world;
  const linked = podOf(
    'linked',
    { command: shell('cat /x/passwd'), volumeMounts: [mount('/x', { subPath: 'escape' })] },
    { volumes },
  );
  const unnamed = podOf(
    'unnamed',
    { command: shell(forEver), volumeMounts: [mount('/x', { subPathExpr: '$(NOBODY)' })] },
    { volumes },
  );
  await apply(linked, unnamed);
  await eventually('neither is made', async () => {
    const waiting = async (name: string) => (await status(name)).state?.waiting;
    assert.equal((await waiting('linked'))?.reason, 'CreateContainerConfigError');
    assert.deepEqual(await waiting('unnamed'), {
      reason: 'CreateContainerConfigError',
      message: 'missing value for NOBODY',
    });
  });
  await world.everynode.kubectl.run(['delete', 'pods', 'linked', 'unnamed', 'parts']);
  const left = mountsBelow(join(containerd.nodeDirectory, 'pods'));
  assert.deepEqual(
    left.filter((point) => point.includes('subpaths')),
    [],
  );
}

async function changes(world: World): Promise<void> {
  const { kubectl } = world.everynode;
  await kubectl.run(['create', 'configmap', 'live', '--from-literal=a=1', '--from-literal=b=1']);
  // Both files of one version, again and again: they must never differ. A version that has just gone is none.
  const both = 'cd -P /v/..data && a=$(cat a 2>/dev/null) && b=$(cat b 2>/dev/null)';
  const watch = `while true; do ${both} && { [ $a = $b ] || echo torn; echo $a > /tmp/seen; }; done`;
  const pod: Pod = podOf(
    'live',
    {
      command: shell(`mkdir -p /tmp; ${watch}`),
      volumeMounts: [
        { name: 'v', mountPath: '/v' },
        { name: 'd', mountPath: '/d' },
      ],
    },
    {
      volumes: [
        { name: 'v', configMap: { name: 'live' } },
        { name: 'd', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    },
  );
  await world.apply(pod);
  await eventually('it runs', async () => assert.ok((await world.status('live')).state?.running !== undefined));
  await kubectl.run(['patch', 'configmap', 'live', '-p', '{"data":{"a":"2","b":"2"}}']);
  await kubectl.run(['label', 'pod', 'live', 'colour=blue']);
  const read = (path: string) => kubectl.run(['exec', 'live', '--', 'cat', path]);
  await eventually('it sees the new ones', async () => {
    assert.equal(await read('/tmp/seen'), '2\n');
    assert.equal(await read('/d/labels'), 'colour="blue"');
  });
  assert.equal(await kubectl.run(['logs', 'live']), '');
  assert.equal((await world.status('live')).restartCount, 0);
  // It never rests.
  await kubectl.run(['delete', 'pod', 'live', '--now']);
}

async function environment(world: World): Promise<void> {
  const { kubectl } = world.everynode;
  await kubectl.run(['create', 'configmap', 'several', '--from-literal=one=1', '--from-literal=two.three=23']);
  await kubectl.run(['create', 'secret', 'generic', 'word', '--from-literal=word=geheim']);
  const optional = { name: 'nobody', optional: true };
  const said = await say(world, {
    environment: [
      '',
      {
        command: [
          'sh',
          '-c',
          'tr "\\0" "\\n" < /proc/1/environ | grep -E "^(MY_|NO_|CPU|MEMORY|OWN|IP|WORD)" | sort; pwd; echo "$0"',
          '$(OWN)',
        ],
        workingDir: '/bin',
        resources: { requests: { cpu: '250m', memory: '16Mi' }, limits: { cpu: '1500m', memory: '64Mi' } },
        envFrom: [
          { prefix: 'MY_', configMapRef: { name: 'several' } },
          { prefix: 'NO_', configMapRef: optional },
          { prefix: 'NO_', secretRef: optional },
        ],
        env: [
          { name: 'OWN', value: 'own' },
          { name: 'WORD', valueFrom: { secretKeyRef: { name: 'word', key: 'word' } } },
          { name: 'NO_KEY', valueFrom: { configMapKeyRef: { name: 'several', key: 'none', optional: true } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
          { name: 'CPU_MILLI', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
          { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
      },
    ],
  });
  const { status } = await world.pod('environment');
  const expected = [
    'CPU=2',
    'CPU_MILLI=250',
    `IP=${status?.podIP}`,
    'MEMORY=64',
    'MY_one=1',
    'MY_two.three=23',
    'OWN=own',
    'WORD=geheim',
  ];
  assert.deepEqual(said['environment']!.trimEnd().split('\n'), [...expected, '/bin', 'own']);
}

async function refusals(world: World): Promise<void> {
  const { apply, pod, status, events } = world;
  const run = { command: shell(forEver) };
  await apply(
    podOf('sysctl', run, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    podOf('strict', run, { securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    podOf('no-users', run, { hostUsers: false }),
    podOf('no-root', { ...run, securityContext: { runAsNonRoot: true } }),
    podOf('no-name', { ...run, image: 'team/Case:1' }),
    podOf(
      'no-recursion',
      { ...run, volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }] },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ),
    podOf('port', { ...run, ports: [{ containerPort: 80, hostPort: 47_811 }] }),
  );
  await eventually('the port is had', async () => assert.ok((await status('port')).state?.running !== undefined));
  await apply(podOf('same-port', { ...run, ports: [{ containerPort: 80, hostPort: 47_811 }] }));
  await eventually('each says why', async () => {
    const rejected = async (name: string) => {
      const { phase, reason, message } = (await pod(name)).status ?? {};
      return [phase, reason, message];
    };
    assert.deepEqual(await rejected('sysctl'), [
      'Failed',
      'SysctlForbidden',
      'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    ]);
    assert.deepEqual((await rejected('strict')).slice(0, 2), ['Failed', 'SupplementalGroupsPolicyNotSupported']);
    assert.deepEqual((await rejected('same-port')).slice(0, 2), ['Failed', 'NodePorts']);
    assert.match((await events('no-users')).join('\n'), /^FailedCreatePodSandBox: .*user namespaces/m);
    const waiting = async (name: string) => (await status(name)).state?.waiting;
    const nonRoot = await waiting('no-root');
    assert.equal(nonRoot?.reason, 'CreateContainerConfigError');
    assert.match(
      nonRoot.message ?? '',
      /^container has runAsNonRoot and image will run as root \(pod: "no-root_default/,
    );
    assert.match((await waiting('no-recursion'))?.message ?? '', /recursive read-only mode, but it is not supported/);
    const unnamed = await waiting('no-name');
    assert.equal(unnamed?.reason, 'InvalidImageName');
    assert.match(unnamed.message ?? '', /repository name \(team\/Case\) must be lowercase$/);
  });
}
