// The log while the live table owns the terminal: a file that starts anew with each run and never outgrows its limit.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const logFileBytesMax = 10 * 1024 * 1024;

export interface LogFile {
  readonly write: (line: string) => void;
  readonly close: () => void;
}

/** When full it starts over: the newest lines are the ones somebody will look for. */
export function openLogFile(path: string): LogFile {
  const file = openSync(path, 'w', 0o600);
  let bytes = 0;
  return {
    write(line) {
      const length = Buffer.byteLength(line);
      if (bytes + length > logFileBytesMax) {
        ftruncateSync(file, 0);
        bytes = 0;
      }
      writeSync(file, line, bytes);
      bytes += length;
    },
    close: () => closeSync(file),
  };
}
