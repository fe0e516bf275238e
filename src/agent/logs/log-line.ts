// One line of a log file as container runtimes write it: `<time> <stdout|stderr> <tags> <text>`, where tag P says that
// the text goes on in the next line (CRI logging format, cri-api/pkg/apis/runtime/v1 and kubelet's kuberuntime/logs).

export interface LogLine {
  /** As it was written: RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The last piece of what the container wrote as one line. */
  readonly isWhole: boolean;
  /** Without the line's end. */
  readonly text: Buffer;
}

const space = 0x20;

/** Undefined for what no runtime writes: half a line of a crash, somebody else's file. @param line without its end. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(space);
  const afterStream = afterTime < 0 ? -1 : line.indexOf(space, afterTime + 1);
  if (afterStream < 0) return undefined;
  const stream = line.toString('latin1', afterTime + 1, afterStream);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const found = line.indexOf(space, afterStream + 1);
  const afterTags = found < 0 ? line.length : found;
  const tags = line.toString('latin1', afterStream + 1, afterTags);
  return {
    time: line.toString('latin1', 0, afterTime),
    stream,
    isWhole: tags.split(':')[0] !== 'P',
    text: line.subarray(afterTags + 1),
  };
}
