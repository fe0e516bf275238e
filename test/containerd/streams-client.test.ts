// The protocols that newer clients speak, with the official JavaScript client, whatever kubectl the machine has; and what
// kubectl from 1.31 on does for port-forward, which no library does: SPDY's own bytes in a WebSocket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Attach, Exec, KubeConfig, Log, PortForward, type V1Status } from '@kubernetes/client-node';
import { createWebSocketStream, WebSocket } from 'ws';
import { createSpdySession } from '../../src/agent/kubelet-api/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld, type World } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test('the official client, into real containers', needsContainerd, async (t) => {
  const world = await startWorld(t, containerd);
  await t.test('exec tells outputs, exit codes and the end of input, and a terminal its size', () => execs(world));
  await t.test('a client that leaves takes its streams along; those of a pod end with it', () => leaves(world));
  await t.test('log and attach', () => attaches(world));
  await t.test('port-forward in numbered channels, and as SPDY in a WebSocket', () => forwards(world));
});

function configOf({ everynode }: World): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(everynode.kubeconfigPath);
  return config;
}

const isRunning = ({ status }: World, name: string) =>
  eventually(`${name} runs`, async () => assert.ok((await status(name)).state?.running !== undefined));

async function execs(world: World): Promise<void> {
  await world.apply(podOf('shell', { command: shell(forEver) }));
  await isRunning(world, 'shell');
  const client = new Exec(configOf(world));
  const exec = async (command: readonly string[], input: Readable | null = null) => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const ended = Promise.withResolvers<V1Status>();
    const words = [...command];
    const socket = await client.exec('default', 'shell', 'main', words, out, err, input, false, ended.resolve);
    assert.equal(socket.protocol, 'v5.channel.k8s.io');
    const [status, stdout, stderr] = await Promise.all([ended.promise, text(out), text(err)]);
    return { status, stdout, stderr };
  };
  const apart = await exec(shell('echo out; echo err >&2; exit 7'));
  assert.deepEqual([apart.stdout, apart.stderr], ['out\n', 'err\n']);
  assert.equal(apart.status.reason, 'NonZeroExitCode');
  assert.deepEqual(apart.status.details?.causes, [{ reason: 'ExitCode', message: '7' }]);
  const copied = await exec(['cat'], Readable.from([Buffer.from('to the '), Buffer.from('end')]));
  assert.deepEqual([copied.status.status, copied.stdout], ['Success', 'to the end']);

  const screen = Object.assign(new PassThrough(), { rows: 33, columns: 77 });
  const ended = Promise.withResolvers<V1Status>();
  const typed = new PassThrough();
  // A size has a way of its own: what is typed, or the command itself, may be quicker.
  const command = shell(
    ['33 77', '44 88'].map((size) => `until stty size | grep "${size}"; do sleep 0.1; done`).join(';'),
  );
  await client.exec('default', 'shell', 'main', command, screen, null, typed, true, ended.resolve);
  let shown = '';
  screen.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
  });
  await eventually('its size', async () => assert.match(shown, /33 77/));
  Object.assign(screen, { rows: 44, columns: 88 }).emit('resize');
  await ended.promise;
  await eventually('its new size', async () => assert.match(shown, /44 88/));
}

async function leaves(world: World): Promise<void> {
  await world.apply(podOf('left', { command: shell(forEver) }));
  await isRunning(world, 'left');
  const client = new Exec(configOf(world));
  const start = () =>
    client.exec('default', 'left', 'main', ['cat'], new PassThrough(), null, new PassThrough(), false);
  const left = await start();
  left.close();
  const stays = await start();
  const closed = once(stays, 'close');
  await eventually('its input has ended, and so has it', async () => {
    const running = await world.everynode.kubectl.run(['exec', 'left', '--', 'ps']);
    assert.equal(running.split('\n').filter((line) => line.endsWith(' cat')).length, 1, running);
  });
  await world.everynode.kubectl.run(['delete', 'pod', 'left', '--wait=false']);
  await closed;
}

async function attaches(world: World): Promise<void> {
  const reads = 'echo begin; while read line; do echo "read $line"; done; echo end';
  await world.apply(
    podOf('reads', { command: shell(reads), stdin: true, stdinOnce: true }, { restartPolicy: 'Never' }),
  );
  await isRunning(world, 'reads');
  const followed = new PassThrough();
  await new Log(configOf(world)).log('default', 'reads', 'main', followed, { follow: true });
  const out = new PassThrough();
  const input = Readable.from([Buffer.from('one\n')]);
  const socket = await new Attach(configOf(world)).attach('default', 'reads', 'main', out, null, input, false);
  await once(socket, 'close');
  assert.equal(await text(followed), 'begin\nread one\nend\n');
}

async function forwards(world: World): Promise<void> {
  const serve = 'mkdir /www; echo hello > /www/index.html; httpd -f -p 8080 -h /www';
  await world.apply(podOf('web', { command: shell(serve) }));
  await isRunning(world, 'web');
  const config = configOf(world);
  const question = 'GET / HTTP/1.0\r\nHost: pod\r\n\r\n';
  const [output, error] = [new PassThrough(), new PassThrough()];
  const input = new PassThrough();
  await eventually('it listens', () =>
    world.everynode.kubectl.run(['exec', 'web', '--', 'wget', '-qO-', 'http://127.0.0.1:8080/']),
  );
  const socket = await new PortForward(config).portForward('default', 'web', [8080], output, error, input);
  input.write(question);
  await once(socket as WebSocket, 'close');
  output.end();
  assert.match(await text(output), /^HTTP\/1\.\d 200 OK[^]*hello\n$/);

  const refused = new PassThrough();
  const nobody = await new PortForward(config).portForward('default', 'web', [9], new PassThrough(), refused, input);
  await once(refused, 'data').then(([chunk]) => assert.match(String(chunk), /connection refused|failed to connect/));
  (nobody as WebSocket).close();

  const url = `${world.everynode.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/portforward`;
  const protocol = 'SPDY/3.1+portforward.k8s.io';
  let agreed: string | undefined;
  const tunnel = new WebSocket(url, {
    ...credentials(config),
    // The library does not know names with a slash.
    finishRequest(request) {
      request.setHeader('sec-websocket-protocol', protocol);
      request.prependListener('upgrade', (answer) => {
        agreed = answer.headers['sec-websocket-protocol'];
        delete answer.headers['sec-websocket-protocol'];
      });
      request.end();
    },
  });
  await once(tunnel, 'open');
  assert.equal(agreed, protocol);
  const session = createSpdySession(createWebSocketStream(tunnel));
  const answers = [1, 2].map(async (number) => {
    const headers = { port: '8080', requestid: String(number) };
    session.open({ ...headers, streamtype: 'error' }).end();
    const data = session.open({ ...headers, streamtype: 'data' });
    data.write(question);
    return text(data);
  });
  for (const answer of await Promise.all(answers)) assert.match(answer, /hello\n$/);
  session.close();
}

function credentials(config: KubeConfig) {
  const [cluster, user] = [config.getCurrentCluster()!, config.getCurrentUser()!];
  const pem = (data: string | undefined, file: string | undefined) =>
    data === undefined ? readFileSync(file!) : Buffer.from(data, 'base64');
  return {
    ca: pem(cluster.caData, cluster.caFile),
    cert: pem(user.certData, user.certFile),
    key: pem(user.keyData, user.keyFile),
  };
}
