// A container's log from its files, across rotation: the wanted end of it, then, when followed, what is written until the
// container has ended. Memory does not grow with the log: who reads slowly is read for slowly.
import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { type Clock, sleep } from '../../machinery/index.ts';
import type { LogOptions } from '../kubelet-api/index.ts';
import { closeLogFiles, type LogFile, openIfThere, openLogFiles, readLogFile } from './log-files.ts';
import { createLineSplitter, createLogPrinter, type LineSplitter, type LogPrinter } from './log-printer.ts';

/** How often a followed log is looked at for more. */
const followPollMs = 200;
const readBytes = 64 * 1024;

export interface LogSource {
  /** Of the file that is written to. */
  readonly path: string;
  readonly clock: Clock;
  /** Whether more may come. */
  readonly isRunning: () => boolean;
}

type ReadOptions = Pick<LogOptions, 'follow' | 'timestamps' | 'sinceMs' | 'tailLines' | 'limitBytes' | 'stream'>;

/** Ends when `signal` aborts; files are closed when nobody reads on. */
export async function* readLog(
  { path, clock, isRunning }: LogSource,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const files = [...(await openLogFiles(path))];
  try {
    const printer = createLogPrinter(options);
    const begin = await findTail(files, options.tailLines);
    let current: OpenLog = { handle: undefined, offset: 0, splitter: createLineSplitter() };
    for (const [index, file] of files.entries()) {
      if (index < begin.file) continue;
      const splitter = createLineSplitter();
      let skip = index === begin.file ? begin.lines : 0;
      let offset = 0;
      for await (const bytes of readLogFile(file) as AsyncIterable<Buffer>) {
        if (signal.aborted || printer.isFull) return;
        offset += bytes.length;
        let lines = splitter.push(bytes);
        for (; skip > 0 && lines.length > 0; lines = lines.slice(1)) if (lines[0]!.isWhole) skip -= 1;
        const text = printer.print(lines);
        if (text.length > 0) yield text;
      }
      if (index === files.length - 1 && !file.isPacked) current = { handle: file.handle, offset, splitter };
    }
    if (options.follow) yield* follow({ path, clock, isRunning }, current, files, printer, signal);
  } finally {
    await closeLogFiles(files);
  }
}

interface OpenLog {
  /** Undefined while there is no file. */
  readonly handle: FileHandle | undefined;
  readonly offset: number;
  readonly splitter: LineSplitter;
}

/** @param files to which each file that is opened here is added: whoever closes them closes it. */
async function* follow(
  { path, clock, isRunning }: LogSource,
  begun: OpenLog,
  files: LogFile[],
  printer: LogPrinter,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let log = begun;
  const pause = () => sleep(clock, followPollMs, signal).catch(() => undefined);
  while (!signal.aborted && !printer.isFull) {
    // Asked before the last look at the file: what is written before the end is read.
    const running = isRunning();
    const isReplaced = await isAnother(path, log.handle);
    // A runtime that has opened the new file may still finish a line in the old one.
    if (isReplaced && log.handle !== undefined) await pause();
    const { handle } = log;
    for (;;) {
      const bytes = handle === undefined ? undefined : await readAt(handle, log.offset);
      if (bytes === undefined || signal.aborted) break;
      log = { ...log, offset: log.offset + bytes.length };
      const text = printer.print(log.splitter.push(bytes));
      if (text.length > 0) yield text;
    }
    if (isReplaced) {
      const next = await openIfThere(path);
      if (next !== undefined) {
        files.push({ handle: next, isPacked: false });
        log = { handle: next, offset: 0, splitter: createLineSplitter() };
        continue;
      }
    }
    if (!running) return;
    await pause();
  }
}

async function readAt(handle: FileHandle, offset: number): Promise<Buffer | undefined> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(readBytes), 0, readBytes, offset);
  return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
}

/** Whether the path leads to another file than the one that is open. A path that leads nowhere does not. */
async function isAnother(path: string, handle: FileHandle | undefined): Promise<boolean> {
  try {
    const now = await stat(path);
    return handle === undefined || now.ino !== (await handle.stat()).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Where the last lines begin: in which file, after how many of its lines. Counts from the newest file backwards. */
async function findTail(
  files: readonly LogFile[],
  tailLines: number | undefined,
): Promise<{ readonly file: number; readonly lines: number }> {
  if (tailLines === undefined) return { file: 0, lines: 0 };
  let wanted = tailLines;
  for (let file = files.length - 1; file >= 0; file--) {
    let count = 0;
    const splitter = createLineSplitter();
    for await (const bytes of readLogFile(files[file]!) as AsyncIterable<Buffer>)
      for (const line of splitter.push(bytes)) if (line.isWhole) count += 1;
    // As many as wanted is not enough: the first of them may have begun in the file before.
    if (count > wanted) return { file, lines: count - wanted };
    wanted -= count;
  }
  return { file: 0, lines: 0 };
}
