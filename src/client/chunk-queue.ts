// The body of an answer from callbacks to an async iterable. A reader that lags behind holds up the server, not the memory.

/** The body's part of a receiver. */
export interface BodyReceiver {
  data(chunk: Buffer): void;
  end(): void;
  failed(error: Error): void;
}

export interface ChunkQueue extends BodyReceiver {
  /** For one reader. */
  chunks(): AsyncIterable<Buffer>;
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
    async *chunks() {
      while (true) {
        if (unread.length > 0) {
          const taken = unread;
          unread = [];
          unreadBytes = 0;
          source.resume();
          yield* taken;
        } else if (failure !== undefined) throw failure;
        else if (done) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
