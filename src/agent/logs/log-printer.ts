// From the lines of a log file to what `kubectl logs` shows of them: which of them, with or without their time, up to how
// many bytes. Pieces of one line come out as one line.
import type { LogOptions } from '../kubelet-api/index.ts';
import { type LogLine, parseLogLine } from './log-line.ts';

/** A runtime cuts lines at 16 KiB; what is longer than this is no log line, and is passed over. */
const lineBytesMax = 1024 * 1024;
const newline = 0x0a;
const lineEnd = Buffer.from('\n');

export type PrintOptions = Pick<LogOptions, 'timestamps' | 'sinceMs' | 'limitBytes' | 'stream'>;

export interface LogPrinter {
  /** What is to be shown of these lines. */
  print(lines: readonly LogLine[]): Buffer;
  /** The limit of bytes is reached: nothing more will be shown. */
  readonly isFull: boolean;
}

export function createLogPrinter({ timestamps, sinceMs, limitBytes, stream }: PrintOptions): LogPrinter {
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  let isLineBegun = false;
  const wanted = stream === 'All' ? undefined : stream.toLowerCase();
  return {
    get isFull() {
      return left <= 0;
    },
    print(lines) {
      const out: Buffer[] = [];
      for (const line of lines) {
        if (wanted !== undefined && line.stream !== wanted) continue;
        // A time that cannot be read is no reason to hide a line.
        if (sinceMs !== undefined && Date.parse(line.time) < sinceMs) continue;
        if (timestamps && !isLineBegun) out.push(Buffer.from(`${line.time} `));
        out.push(line.text);
        if (line.isWhole) out.push(lineEnd);
        isLineBegun = !line.isWhole;
      }
      const text = Buffer.concat(out);
      const shown = text.length <= left ? text : text.subarray(0, left);
      left -= shown.length;
      return shown;
    },
  };
}

export interface LineSplitter {
  /** The lines that are complete with these bytes. */
  push(bytes: Buffer): readonly LogLine[];
}

export function createLineSplitter(): LineSplitter {
  let rest: Buffer = Buffer.alloc(0);
  let isOverlong = false;
  return {
    push(bytes) {
      const lines: LogLine[] = [];
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let from = 0;
      for (let end = all.indexOf(newline); end >= 0; end = all.indexOf(newline, from)) {
        const line = isOverlong ? undefined : parseLogLine(all.subarray(from, end));
        if (line !== undefined) lines.push(line);
        isOverlong = false;
        from = end + 1;
      }
      rest = Buffer.from(all.subarray(from));
      if (rest.length > lineBytesMax) {
        isOverlong = true;
        rest = Buffer.alloc(0);
      }
      return lines;
    },
  };
}
