// The promise of the durable store, kept through `kill -9`: every acknowledged write is there, revisions never go back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { openSqliteStore } from '../src/store/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'store-kill-'));
after(() => rmSync(directory, { recursive: true }));

const writers = 8;
/** Each writer takes its key through these steps, round and round: four writes and a deletion. */
const steps = [0, 1, 2, 3, 'deleted'] as const;

/** Writers that never pause; each acknowledged write is on standard output before the writer's next one. */
const script = (path: string): string => `
  import { writeSync } from 'node:fs';
  import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, '../src/store/index.ts'))};
  writeSync(1, 'starting\\n');
  const store = await openSqliteStore({ path: ${JSON.stringify(path)} });
  for (let writer = 0; writer < ${writers}; writer++) void (async () => {
    const key = 'w/' + writer;
    const found = await store.get(key);
    let revision = found?.revision ?? 0;
    for (let step = found === undefined ? 0 : found.value.step + 1; ; step = (step + 1) % ${steps.length}) {
      const isDeletion = step === ${steps.length - 1};
      const done = await (isDeletion ? store.delete(key, revision) : store.put(key, { step, text: 'x'.repeat(2_000) }, revision));
      writeSync(1, [writer, step, done].join(' ') + '\\n');
      revision = isDeletion ? 0 : done;
    }
  })();`;

void test('a store whose process is killed under write load has every acknowledged write, and never counts back', async () => {
  const path = join(directory, 'store.db');
  let lastRevision = 0;
  const acknowledged = new Map<number, { step: number; revision: number }>();
  for (const acknowledgements of [0, 1, 3, 150, 400, 900]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(path)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== 'starting') {
        const [writer, step, revision] = line.split(' ').map(Number) as [number, number, number];
        count++;
        assert.ok(revision > (acknowledged.get(writer)?.revision ?? 0), `writer ${writer} went back at step ${step}`);
        acknowledged.set(writer, { step, revision });
        lastRevision = Math.max(lastRevision, revision);
      }
      // What is read after the kill had been acknowledged before it.
      if (count >= acknowledgements && !child.killed) child.kill('SIGKILL');
    }
    await exited;
    assert.equal(child.signalCode, 'SIGKILL');
    assert.ok(count >= acknowledgements);

    const store = await openSqliteStore({ path });
    const revision = await store.revision();
    assert.ok(revision >= lastRevision, `revision ${revision} is behind the acknowledged ${lastRevision}`);
    lastRevision = revision;
    for (const [writer, last] of acknowledged) {
      const found = await store.get(`w/${writer}`);
      const state = found === undefined ? 'deleted' : found.value['step'];
      // The write after the last acknowledged one may have been made without anybody hearing of it.
      const possible: unknown[] = [steps[last.step], steps[(last.step + 1) % steps.length]];
      assert.ok(possible.includes(state), `writer ${writer} is at ${String(state)}, not at ${possible.join(' or ')}`);
      if (found !== undefined) assert.ok(found.revision >= last.revision, `writer ${writer} lost writes`);
      // The next process goes on from here.
      const step = steps.indexOf(state as (typeof steps)[number]);
      acknowledged.set(writer, { step, revision: found?.revision ?? last.revision });
    }
    await store.close();
  }
});
