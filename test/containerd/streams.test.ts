// Into real containers with the real kubectl, whatever its version: older ones speak SPDY, newer ones WebSockets.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld, type World } from './support/world.ts';

const run = promisify(execFile);
let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
/** How many times the process has log files of this pod open. */
function openLogs(pid: number, pod: string): number {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch (error) {
      // Closed since it was listed.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  });
  return targets.filter((target) => target.startsWith(`/var/log/pods/default_${pod}_`)).length;
}

const isRunning = ({ status }: World, name: string) =>
  eventually(`${name} runs`, async () => assert.ok((await status(name)).state?.running !== undefined));

test('kubectl, into real containers', needsContainerd, async (t) => {
  const world = await startWorld(t, containerd);
  await t.test('logs: what a container says and said before its restart, as much as is asked for', () => reads(world));
  await t.test('logs -f ends with the container; a kubectl that leaves stops the reading', () => follows(world));
  await t.test('exec: input to its end, outputs apart, the exit code, a terminal', () => execs(world));
  await t.test('attach: to a container that reads, and to one with a terminal', () => attaches(world));
  await t.test('port-forward: several connections at once, until the pod goes', () => forwards(world));
  await t.test('after the agent was killed and started again: the same containers answer', () => adopts(t, world));
});

async function reads(world: World): Promise<void> {
  const { everynode, apply, status } = world;
  const { kubectl } = everynode;
  const said = 'for i in $(seq 1 20); do echo out $i; done; sleep 1; echo bad >&2; sleep 1; echo end';
  const both = podOf('both', { name: 'one', command: shell(`echo from one; ${forEver}`) });
  await apply(
    { ...podOf('talks', { command: shell(`${said}; ${forEver}`) }) },
    podOf('crashes', { command: shell('echo attempt; exit 3') }),
    podOf('cannot', { image: 'localhost/none:1', imagePullPolicy: 'Never' }),
    {
      ...both,
      metadata: { ...both.metadata, labels: { app: 'both' } },
      spec: {
        ...both.spec,
        containers: [
          ...both.spec.containers,
          { ...both.spec.containers[0]!, name: 'two', command: shell(`echo from two; ${forEver}`) },
        ],
      },
    },
  );
  await isRunning(world, 'talks');
  const logs = async (...args: readonly string[]) => await kubectl.run(['logs', ...args]);
  const all = [...Array.from({ length: 20 }, (_, index) => `out ${index + 1}`), 'bad', 'end'];
  await eventually('all is there', async () => assert.deepEqual(lines(await logs('talks')), all));
  assert.deepEqual(lines(await logs('talks', '--tail=3')), ['out 20', 'bad', 'end']);
  assert.equal(await logs('talks', '--tail=0'), '');
  assert.equal(await logs('talks', '--limit-bytes=10'), 'out 1\nout ');
  assert.deepEqual(lines(await logs('talks', '--since=1h')), all);
  assert.equal(await logs('talks', `--since-time=${new Date(Date.now() + 60_000).toISOString()}`), '');
  const [first] = lines(await logs('talks', '--timestamps'));
  assert.match(first!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) out 1$/);

  await eventually('the second attempt', async () => assert.ok((await status('crashes')).restartCount >= 1));
  assert.equal(await logs('crashes', '--previous'), 'attempt\n');
  assert.equal(await logs('crashes'), 'attempt\n');

  const refusal = async (...args: readonly string[]) => (await kubectl.attempt(['logs', ...args])).stderr;
  assert.match(await refusal('talks', '-p'), /previous terminated container "main" in pod "talks" not found/);
  assert.match(await refusal('cannot'), /container "main" in pod "cannot" is waiting to start: /);
  assert.match(await refusal('both', '-c', 'three'), /container three is not valid for pod both/);
  await eventually('both containers have spoken', async () => {
    const together = lines(await logs('-l', 'app=both', '--all-containers', '--prefix', '--tail=-1'));
    assert.deepEqual(together.toSorted(), ['[pod/both/one] from one', '[pod/both/two] from two']);
  });
  // Newer versions of kubectl choose the first container themselves.
  const asked = await kubectl.attempt(['get', '--raw', '/api/v1/namespaces/default/pods/both/log']);
  assert.match(asked.stderr, /a container name must be specified for pod both, choose one of: \[one two\]/);
}

async function follows(world: World): Promise<void> {
  const { everynode, apply, status } = world;
  const counting = 'i=0; while [ ! -e /tmp/end ]; do i=$((i+1)); echo $i; sleep 0.05; done; echo last';
  await apply(podOf('counts', { command: shell(`mkdir -p /tmp; ${counting}`) }, { restartPolicy: 'Never' }));
  await isRunning(world, 'counts');
  const followers = [1, 2].map(() => everynode.kubectl.start('logs', '-f', 'counts'));
  await eventually('both are told what is said now', async () => {
    for (const follower of followers) assert.ok(lines(follower.output()).length > 10);
  });
  await eventually('two read', async () => assert.equal(openLogs(everynode.pid, 'counts'), 2));
  await followers[0]!.stop();
  await eventually('one file less is open', async () => assert.equal(openLogs(everynode.pid, 'counts'), 1));
  await everynode.kubectl.run(['exec', 'counts', '--', 'touch', '/tmp/end']);
  assert.equal(await followers[1]!.ended, 0);
  const heard = lines(followers[1]!.output());
  assert.equal(heard.at(-1), 'last');
  assert.deepEqual(
    heard.slice(0, -1),
    Array.from({ length: heard.length - 1 }, (_, index) => String(index + 1)),
  );
  await eventually('it has ended', async () => assert.equal((await status('counts')).state?.terminated?.exitCode, 0));
  await eventually('nobody reads', async () => assert.equal(openLogs(everynode.pid, 'counts'), 0));
}

async function execs(world: World): Promise<void> {
  const { kubectl } = world.everynode;
  await world.apply(podOf('shell', { command: shell(forEver) }));
  await isRunning(world, 'shell');
  const exec = (command: readonly string[], input?: string) =>
    kubectl.attempt(['exec', ...(input === undefined ? [] : ['-i']), 'shell', '--', ...command], input);

  const apart = await exec(shell('echo out; echo err >&2; exit 7'));
  assert.deepEqual([apart.code, apart.stdout, lines(apart.stderr)[0]], [7, 'out\n', 'err']);
  assert.match(apart.stderr, /command terminated with exit code 7/);
  assert.deepEqual(await exec(['cat'], 'to the end\n'), { code: 0, stdout: 'to the end\n', stderr: '' });
  const much = 'x'.repeat(4 * 1024 * 1024);
  assert.equal((await exec(['wc', '-c'], much)).stdout.trim(), String(much.length));
  assert.equal((await exec(['head', '-c', '8000000', '/dev/zero'])).stdout.length, 8_000_000);
  assert.match((await exec(['no-such-command'])).stderr, /no-such-command/);
  assert.match(
    (await kubectl.attempt(['exec', 'shell', '-c', 'no', '--', 'ls'])).stderr,
    /container .*no.* (is not valid for|not found in) pod/,
  );

  const { stdout } = await terminal(
    world.everynode,
    // Its size has a way of its own, and may come after the command has begun.
    `stty rows 33 cols 77; kubectl exec -it shell -- sh -c 'until stty size | grep "33 77"; do sleep 0.1; done'`,
  );
  assert.match(stdout, /33 77/);
}

async function attaches(world: World): Promise<void> {
  const { everynode, apply, status } = world;
  const reads = 'while read line; do echo "read $line"; done; echo end of input';
  await apply(
    podOf('reads', { command: shell(reads), stdin: true, stdinOnce: true }, { restartPolicy: 'Never' }),
    podOf('typed', { command: shell('read line; echo "typed $line"; sleep 1; exit 4'), stdin: true, tty: true }),
  );
  await isRunning(world, 'reads');
  const { stdout } = await everynode.kubectl.attempt(['attach', '-i', 'reads'], 'one\ntwo\n');
  assert.match(stdout, /read one\nread two\nend of input/);
  await eventually('its input ended', async () => assert.equal((await status('reads')).state?.terminated?.exitCode, 0));
  await isRunning(world, 'typed');
  const shown = await terminal(everynode, 'kubectl attach -it typed', 'hello\n');
  assert.match(shown.stdout, /typed hello/);
}

async function forwards(world: World): Promise<void> {
  const { kubectl } = world.everynode;
  const serve =
    'mkdir /www; echo hello > /www/index.html; head -c 5000000 /dev/zero > /www/big; httpd -f -p 8080 -h /www';
  await world.apply(podOf('web', { command: shell(serve) }));
  await isRunning(world, 'web');
  const forward = kubectl.start('port-forward', 'pod/web', ':8080', ':9');
  const port = await eventually('it says where', async () => {
    const found = /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output())?.[1];
    assert.ok(found !== undefined, forward.output());
    return Number(found);
  });
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  assert.equal(await eventually('it serves', () => get('/index.html')), 'hello\n');
  const all = await Promise.all(['/big', '/index.html', '/big', '/index.html'].map(get));
  assert.deepEqual(
    all.map(({ length }) => length),
    [5_000_000, 6, 5_000_000, 6],
  );
  await kubectl.run(['delete', 'pod', 'web', '--wait=false']);
  await eventually('no connection leads there any more', () => assert.rejects(get('/index.html')));
  await forward.ended;
}

async function adopts(t: TestContext, first: World): Promise<void> {
  await first.apply(podOf('stays', { command: shell(`echo before; ${forEver}`) }));
  await isRunning(first, 'stays');
  const following = first.everynode.kubectl.start('logs', '-f', 'stays');
  await eventually('it follows', async () => assert.match(following.output(), /before/));
  await first.everynode.stop('SIGKILL');
  await following.ended;
  const second = await startWorld(t, containerd, { dataDir: first.dataDir });
  const { kubectl } = second.everynode;
  await isRunning(second, 'stays');
  assert.equal(await kubectl.run(['logs', 'stays']), 'before\n');
  assert.equal(await kubectl.run(['exec', 'stays', '--', 'echo', 'again']), 'again\n');
  assert.equal((await second.status('stays')).restartCount, 0);
}

/** A command line in a terminal of its own, as somebody types it. */
function terminal({ kubeconfigPath }: World['everynode'], command: string, input = '') {
  const line = command.replaceAll('kubectl', process.env.KUBECTL ?? 'kubectl');
  const env = { ...process.env, KUBECONFIG: kubeconfigPath };
  const typed = run('script', ['--quiet', '--return', '--command', line, '/dev/null'], { env, timeout: 120_000 });
  typed.child.stdin?.end(input);
  return typed;
}
