// The answers that have not left: a stop waits for them, and a client that takes one up too slowly does not get the
// rest, because what is not sent yet is held in memory. One timer watches over all: to set and clear one for each costs
// more than to find what most requests ask for.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, steadyNow } from '../../machinery/index.ts';

export interface OpenAnswer {
  readonly response: ServerResponse;
  /** The connection is the client's and the node's now: whoever stops does not wait for its end. */
  readonly isUpgraded: boolean;
  /** By the steady clock; infinite: it takes as long as it takes. */
  lateMs: number;
}

export interface OpenAnswers {
  /** Holds the answer until it has left, or never will. `upgraded`: the connection that is asked for. */
  add(response: ServerResponse, upgraded: Socket | undefined): OpenAnswer;
  /** It has the server's time for an answer, from now on. */
  limit(answer: OpenAnswer): void;
  /** Resolves when those of now have left, or never will. */
  left(): Promise<void>;
  /** None is late any more. */
  close(): void;
}

/** @param late hears of each answer whose time is over; it is cut off then. */
export function createOpenAnswers(
  clock: Clock,
  answerMs: number,
  late: (response: ServerResponse) => void,
): OpenAnswers {
  /**
   * Places that are used again. A Set that is added to and deleted from all the time would keep what was in it, each
   * answer and its request, until the next full collection of garbage: its outgrown tables lead to the newer ones.
   */
  const open: (OpenAnswer | undefined)[] = [];
  const free: number[] = [];
  let cancel: (() => void) | undefined;

  const cutOff = () => {
    cancel = undefined;
    const now = steadyNow(clock);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const answer of open) {
      if (answer === undefined) continue;
      if (answer.lateMs <= now) {
        answer.lateMs = Number.POSITIVE_INFINITY;
        late(answer.response);
        answer.response.destroy();
      } else nextMs = Math.min(nextMs, answer.lateMs);
    }
    if (nextMs < Number.POSITIVE_INFINITY) cancel = clock.after(nextMs - now, cutOff);
  };
  return {
    add(response, upgraded) {
      const answer = { response, isUpgraded: upgraded !== undefined, lateMs: Number.POSITIVE_INFINITY };
      const place = free.pop() ?? open.length;
      open[place] = answer;
      // Only of the answers that Node makes is it told when they are closed.
      (upgraded ?? response).on('close', () => {
        open[place] = undefined;
        free.push(place);
      });
      return answer;
    },
    limit(answer) {
      answer.lateMs = steadyNow(clock) + answerMs;
      cancel ??= clock.after(answerMs, cutOff);
    },
    async left() {
      const waiting = open.flatMap((answer) => {
        if (answer === undefined || answer.isUpgraded) return [];
        return [new Promise((resolve) => answer.response.once('close', resolve))];
      });
      await Promise.all(waiting);
    },
    close() {
      cancel?.();
    },
  };
}
