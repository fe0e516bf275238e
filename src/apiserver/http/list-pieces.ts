// JSON of long lists in pieces, kept for a while: a second reader of the same list, and a hundredth, gets the bytes that
// the first one cost. Where a piece begins depends on the objects, not on their number, so that a new object changes one
// piece and not all that follow.
import type { KubernetesObject } from '../../api/index.ts';
import type { Clock } from '../../machinery/index.ts';

/** Objects made into JSON without a break; at 4 kB each some 5 ms. */
const pieceItemsMax = 400;
/** One UID of 256 begins so. */
const beginning = '00';
const piecesBytesMax = 64 * 1024 * 1024;
/** Pieces that nobody asked for in this time are forgotten. */
const pieceKeptMs = 60_000;

export interface ListPieces {
  /** `,{…},{…}`: a comma before each object. */
  json(items: readonly KubernetesObject[]): Buffer;
}

interface Piece {
  readonly items: readonly KubernetesObject[];
  readonly bytes: Buffer;
  usedMs: number;
}

export function createListPieces(clock: Clock, bytesMax = piecesBytesMax): ListPieces {
  /** By the first object: the same one as long as nobody has written it. */
  const pieces = new Map<KubernetesObject, Piece>();
  let bytesKept = 0;
  let isSwept = false;
  const forget = (piece: Piece) => {
    pieces.delete(piece.items[0]!);
    bytesKept -= piece.bytes.length;
  };
  const sweep = () => {
    for (const piece of pieces.values()) if (clock.now() - piece.usedMs >= pieceKeptMs) forget(piece);
    isSwept = pieces.size > 0;
    if (isSwept) clock.after(pieceKeptMs, sweep);
  };
  return {
    json(items) {
      const known = pieces.get(items[0]!);
      if (known !== undefined && isSame(known.items, items)) {
        known.usedMs = clock.now();
        return known.bytes;
      }
      if (known !== undefined) forget(known);
      const bytes = encodePiece(items);
      // What does not fit is made again each time: throwing others out for it would soon keep nothing that is used.
      if (bytesKept + bytes.length > bytesMax) return bytes;
      pieces.set(items[0]!, { items, bytes, usedMs: clock.now() });
      bytesKept += bytes.length;
      if (!isSwept) {
        isSwept = true;
        clock.after(pieceKeptMs, sweep);
      }
      return bytes;
    },
  };
}

/** For lists of objects that nobody else will ever see: tables, converted ones. */
export const unkeptPieces: ListPieces = { json: encodePiece };

export function* cutIntoPieces(items: readonly KubernetesObject[]): Generator<readonly KubernetesObject[]> {
  let start = 0;
  for (let index = 1; index < items.length; index++)
    if (index - start === pieceItemsMax || items[index]!.metadata?.uid?.startsWith(beginning) === true) {
      yield items.slice(start, index);
      start = index;
    }
  if (start < items.length) yield items.slice(start);
}

function encodePiece(items: readonly KubernetesObject[]): Buffer {
  const bytes = Buffer.from(JSON.stringify(items));
  bytes[0] = 0x2c;
  return bytes.subarray(0, -1);
}

function isSame(a: readonly KubernetesObject[], b: readonly KubernetesObject[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
