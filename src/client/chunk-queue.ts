// The body of an answer from callbacks to somebody who asks for it. A reader that lags behind holds up the server, not
// the memory.

/** The body's part of a receiver. */
export interface BodyReceiver {
  data(chunk: Buffer): void;
  end(): void;
  failed(error: Error): void;
}

export interface ChunkQueue extends BodyReceiver {
  /** What has come since the last call, at least one piece; undefined at the end. For one reader. Rejects with the failure. */
  next(): Promise<readonly Buffer[] | undefined>;
}

export function createChunkQueue(
  source: { readonly pause: () => void; readonly resume: () => void },
  unreadBytesMax: number,
): ChunkQueue {
  let unread: Buffer[] = [];
  let unreadBytes = 0;
  let done = false;
  let failure: Error | undefined;
  let wake = () => {};
  const finish = (error?: Error) => {
    done = true;
    failure = error;
    wake();
  };
  return {
    data(chunk) {
      unread.push(chunk);
      unreadBytes += chunk.length;
      if (unreadBytes > unreadBytesMax) source.pause();
      wake();
    },
    end: () => finish(),
    failed: finish,
    async next() {
      while (unread.length === 0) {
        if (failure !== undefined) throw failure;
        if (done) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const taken = unread;
      unread = [];
      if (unreadBytes > unreadBytesMax) source.resume();
      unreadBytes = 0;
      return taken;
    },
  };
}
