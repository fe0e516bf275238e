// SPDY/3.1 as a client, as far as container runtimes serve it (CRI's Exec, Attach, PortForward): streams are opened from
// this side only, headers of answers say nothing, there is no flow control but the connection's own (moby/spdystream).
// https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
import { Duplex } from 'node:stream';

const version = 3;
const frameHeaderBytes = 8;
const dataBytesMax = 32 * 1024;
/** Of one frame, as the other side may send it: more is a broken peer. */
const frameBytesMax = 1024 * 1024;
/** What may wait for the reader of one stream before the whole connection waits with it. */
const streamBufferBytesMax = 256 * 1024;
const fin = 0x01;

const frameType = { synStream: 1, reset: 3, ping: 6, goAway: 7 } as const;
const cancelStatus = 5;

export interface SpdySession {
  /** A new stream; ending it ends our direction, destroying it cancels both. */
  open(headers: Readonly<Record<string, string>>): Duplex;
  /** Ends the connection, and with it all streams. */
  close(): void;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
}

class SpdyStream extends Duplex {
  readonly #send: (payload: Buffer, flags: number, done: (error?: Error | null) => void) => void;
  readonly #cancel: () => void;
  readonly #wanted: () => void;
  #ended = false;
  #isCut = false;
  /** Its reader has enough for now. */
  full = false;

  constructor(
    send: (payload: Buffer, flags: number, done: (error?: Error | null) => void) => void,
    cancel: () => void,
    wanted: () => void,
  ) {
    super({ readableHighWaterMark: streamBufferBytesMax, allowHalfOpen: true });
    this.#send = send;
    this.#cancel = cancel;
    this.#wanted = wanted;
  }

  receive(data: Buffer, isLast: boolean): void {
    if (this.destroyed || this.#ended) return;
    if (data.length > 0 && !this.push(data)) this.full = true;
    if (!isLast) return;
    this.#ended = true;
    // Nothing more will come: what waits for its reader holds nobody else up, and is asked for no more.
    this.full = false;
    this.push(null);
  }

  /** The other side has done with the stream, in both directions: runtimes end streams so. What came is still there. */
  cut(): void {
    this.#isCut = true;
    this.receive(Buffer.alloc(0), true);
  }

  override _read(): void {
    this.full = false;
    this.#wanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // Nobody reads any more, which is no failure of what is read.
    if (this.#isCut) {
      done();
      return;
    }
    for (let at = 0; at < chunk.length; at += dataBytesMax) {
      const isLast = at + dataBytesMax >= chunk.length;
      this.#send(chunk.subarray(at, at + dataBytesMax), 0, isLast ? done : () => undefined);
    }
    if (chunk.length === 0) done();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#isCut) done();
    else this.#send(Buffer.alloc(0), fin, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isCut && (!this.#ended || !this.writableFinished)) this.#cancel();
    this.#wanted();
    done(error);
  }
}

/** @param socket after the upgrade to SPDY/3.1. */
export function createSpdySession(socket: Duplex): SpdySession {
  const streams = new Map<number, SpdyStream>();
  const closed = Promise.withResolvers<void>();
  const headers = createHeaderBlocks();
  let nextId = 1;
  let received: Buffer = Buffer.alloc(0);

  const write = (frame: Buffer, done: (error?: Error | null) => void = () => undefined) => {
    if (socket.destroyed) done(new Error('the connection has ended'));
    else socket.write(frame, done);
  };

  const flow = () => {
    if ([...streams.values()].some(({ full, destroyed }) => full && !destroyed)) socket.pause();
    else if (socket.isPaused()) socket.resume();
  };

  const control = (type: number, payload: Buffer) => {
    if (type === frameType.reset) {
      const id = payload.readUInt32BE(0) & 0x7fffffff;
      streams.get(id)?.cut();
      streams.delete(id);
    } else if (type === frameType.ping) {
      // An even number is a question of theirs; we ask none.
      if (payload.readUInt32BE(0) % 2 === 0) write(controlFrame(frameType.ping, 0, payload));
    } else if (type === frameType.goAway) socket.end();
  };

  /** Takes one frame off what was received; false when none is complete yet. */
  const next = (): boolean => {
    if (received.length < frameHeaderBytes) return false;
    const word = received.readUInt32BE(4);
    const [flags, length] = [word >>> 24, word & 0xffffff];
    if (length > frameBytesMax) {
      socket.destroy(new Error(`a SPDY frame of ${length} bytes is more than ${frameBytesMax}`));
      return false;
    }
    if (received.length < frameHeaderBytes + length) return false;
    const first = received.readUInt32BE(0);
    const payload = received.subarray(frameHeaderBytes, frameHeaderBytes + length);
    received = received.subarray(frameHeaderBytes + length);
    if ((first & 0x80000000) === 0) streams.get(first)?.receive(payload, (flags & fin) !== 0);
    else if (length >= 4) control(first & 0xffff, payload);
    return true;
  };

  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (next());
    flow();
  });
  // An end like any other: its streams end.
  socket.on('error', () => undefined);
  const cutAll = () => {
    for (const stream of streams.values()) stream.cut();
    streams.clear();
  };
  // Nothing more will come, whether or not the other side still listens.
  socket.once('end', () => {
    cutAll();
    socket.end();
  });
  socket.once('close', () => {
    cutAll();
    closed.resolve();
  });

  return {
    closed: closed.promise,
    open(fields) {
      const id = nextId;
      nextId += 2;
      const stream = new SpdyStream(
        (payload, flags, done) => write(dataFrame(id, flags, payload), done),
        () => {
          streams.delete(id);
          const reset = Buffer.alloc(8);
          reset.writeUInt32BE(id, 0);
          reset.writeUInt32BE(cancelStatus, 4);
          write(controlFrame(frameType.reset, 0, reset));
        },
        flow,
      );
      stream.once('close', () => streams.delete(id));
      streams.set(id, stream);
      const start = Buffer.alloc(10);
      start.writeUInt32BE(id, 0);
      write(controlFrame(frameType.synStream, 0, Buffer.concat([start, headers.encode(fields)])));
      return stream;
    },
    close: () => socket.destroy(),
  };
}

function dataFrame(id: number, flags: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + payload.length);
  frame.writeUInt32BE(id, 0);
  frame.writeUInt32BE(payload.length, 4);
  frame.writeUInt8(flags, 4);
  payload.copy(frame, frameHeaderBytes);
  return frame;
}

function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const frame = dataFrame(0, flags, payload);
  frame.writeUInt16BE(0x8000 | version, 0);
  frame.writeUInt16BE(type, 2);
  return frame;
}

/** An empty stored block: what came before it is to be read now (zlib's Z_SYNC_FLUSH). */
const syncMarker = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

/**
 * Header blocks are one zlib stream over the whole connection. Ours is made of stored blocks (RFC 1951 section 3.2.4):
 * a few dozen bytes a stream are not worth compressing, and no dictionary is needed.
 */
function createHeaderBlocks(): { encode(fields: Readonly<Record<string, string>>): Buffer } {
  let begun = false;
  return {
    encode(fields) {
      const entries = Object.entries(fields).flat();
      const parts = entries.map((text) => {
        const bytes = Buffer.from(text);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length, 0);
        return Buffer.concat([length, bytes]);
      });
      const count = Buffer.alloc(4);
      count.writeUInt32BE(entries.length / 2, 0);
      const block = Buffer.concat([count, ...parts]);
      const lengths = Buffer.alloc(5);
      lengths.writeUInt16LE(block.length, 1);
      lengths.writeUInt16LE(0xffff - block.length, 3);
      const stored = Buffer.concat([lengths, block, syncMarker]);
      if (begun) return stored;
      begun = true;
      return Buffer.concat([Buffer.from([0x78, 0x01]), stored]);
    },
  };
}
