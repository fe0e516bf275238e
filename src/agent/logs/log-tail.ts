// The last lines of a log, up to so many bytes of text: what a container said before it ended. Looks at the file that is
// written, never at more of it than needed, however long it is.
import { openIfThere } from './log-files.ts';
import { createLineSplitter, createLogPrinter } from './log-printer.ts';

/** So much of the file holds the wanted text, with what the runtime puts before each line. */
const readBytesMax = 64 * 1024;

export interface LogTail {
  readonly linesMax: number;
  readonly bytesMax: number;
}

/** Empty when there is no such file. */
export async function readLogTail(path: string, { linesMax, bytesMax }: LogTail): Promise<string> {
  await using file = await openIfThere(path);
  if (file === undefined) return '';
  const { size } = await file.stat();
  const from = Math.max(size - readBytesMax, 0);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(readBytesMax), 0, readBytesMax, from);
  const bytes = buffer.subarray(0, bytesRead);
  // The first line may have begun before.
  const whole = from === 0 ? bytes : bytes.subarray(bytes.indexOf(0x0a) + 1);
  const lines = createLineSplitter().push(whole);
  const printer = createLogPrinter({ timestamps: false, stream: 'All' });
  const text = printer.print(lines.slice(-linesMax));
  return text.subarray(Math.max(text.length - bytesMax, 0)).toString('utf8');
}
