import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Container, Pod, Stored } from '../../api/index.ts';
import { exitAttempt, newRecords } from '../../core/pod/index.ts';
import { withExitMessages } from './exit-messages.ts';
import { containerLogName, podLogDirectory } from './paths.ts';
import { terminationMessagePath } from './volumes/container-mounts.ts';

interface Ended {
  readonly file?: string;
  readonly log?: readonly string[];
  readonly exitCode?: number;
  /** What the runtime says. */
  readonly runtime?: string;
  readonly container?: Partial<Container>;
  /** How many containers the pod has. */
  readonly containers?: number;
}

async function messageOf(t: TestContext, { file, log, exitCode = 1, runtime, container, containers = 1 }: Ended) {
  const root = mkdtempSync(join(tmpdir(), 'everynode-messages-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = { root, podLogs: join(root, 'logs'), containerLogs: join(root, 'links') };
  const others = Array.from({ length: containers - 1 }, (_, index) => ({ name: `other-${index}` }));
  const pod: Stored<Pod> = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { containers: [{ name: 'main', ...container }, ...others] },
  };
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  if (file !== undefined) write(terminationMessagePath(paths, 'u', 'main', 0), file);
  const line = (text: string) => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`;
  if (log !== undefined) write(join(podLogDirectory(paths, pod), containerLogName('main', 0)), log.map(line).join(''));
  const before = newRecords(pod.spec);
  const exit = { exitCode, reason: 'Error', startedMs: 0, finishedMs: 1, containerId: 'r://1' };
  const told = runtime === undefined ? exit : { ...exit, message: runtime };
  const after = [exitAttempt(before[0]!, told), ...before.slice(1)];
  const [main] = await withExitMessages({ paths }, pod, before, after);
  return main!.attempt.is === 'exited' ? main!.attempt.exit.message : assert.fail();
}

const fallBack = { terminationMessagePolicy: 'FallbackToLogsOnError' };

test('what a container wrote into its file is its message, the end of it when it is long', async (t) => {
  assert.equal(await messageOf(t, { file: 'because\n', log: ['log'], container: fallBack }), 'because\n');
  assert.equal(await messageOf(t, { file: `${'a'.repeat(9000)}${'b'.repeat(4096)}` }), 'b'.repeat(4096));
  assert.equal(await messageOf(t, {}), undefined);
});

test('what the runtime says comes first', async (t) => {
  assert.equal(await messageOf(t, { file: 'because', runtime: 'no such file' }), 'no such file: because');
  assert.equal(await messageOf(t, { runtime: 'no such file' }), 'no such file');
});

test('an error without a message may be told by the end of the log: 80 lines, 2048 bytes', async (t) => {
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));
  const said = (lines: readonly string[]) => lines.map((text) => `${text}\n`).join('');
  assert.equal(await messageOf(t, { log: ['one', 'two'], container: fallBack }), 'one\ntwo\n');
  assert.equal(await messageOf(t, { log: numbers(0, 200), container: fallBack }), said(numbers(120, 200)));
  const long = numbers(0, 30).map((number) => number.padStart(4, '0').repeat(1000));
  assert.equal(await messageOf(t, { log: long, container: fallBack }), said([long.at(-1)!]).slice(-2048));
  assert.equal(await messageOf(t, { log: ['one'], container: fallBack, exitCode: 0 }), undefined);
  assert.equal(await messageOf(t, { log: ['one'] }), undefined);
});

test('the messages of a pod share what a status has room for', async (t) => {
  assert.equal((await messageOf(t, { file: 'x'.repeat(4096), containers: 6 }))?.length, 2048);
});
