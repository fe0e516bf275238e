// Puts the view where the user looks: redrawn in place on a terminal, as plain lines anywhere else. At most four
// pictures a second, drawn only when something changed. The one module that knows log-update.
import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { Clock } from '../../machinery/index.ts';
import { changeLines } from './lines.ts';
import { type Frame, renderCluster } from './render.ts';
import type { ClusterState } from './state.ts';

const redrawMs = 250;

export interface Screen {
  /** Something changed: draw again soon. */
  readonly changed: () => void;
  /** Draws a last time and leaves the terminal as it was. */
  readonly close: () => void;
}

/** Calls `draw` at most once per `redrawMs`, and once after the last change. */
function throttled(clock: Clock, draw: () => void): Screen {
  let cancel: (() => void) | undefined;
  let again = false;
  let closed = false;
  const tick = () => {
    cancel = undefined;
    if (!again) return;
    again = false;
    draw();
    cancel = clock.after(redrawMs, tick);
  };
  return {
    changed() {
      again = true;
      if (!closed) cancel ??= clock.after(0, tick);
    },
    close() {
      closed = true;
      cancel?.();
      draw();
    },
  };
}

/** The live table. */
export function openTable(
  stream: WriteStream,
  clock: Clock,
  frame: Omit<Frame, 'columns' | 'rows'>,
  state: () => ClusterState,
): Screen {
  const update = createLogUpdate(stream);
  const screen = throttled(clock, () => {
    update(renderCluster(state(), { ...frame, columns: stream.columns, rows: stream.rows - 1 }));
  });
  stream.on('resize', screen.changed);
  return {
    changed: screen.changed,
    close() {
      stream.off('resize', screen.changed);
      screen.close();
      update.done();
    },
  };
}

/** Lines for a log file or a pipe. */
export function openLines(write: (line: string) => void, clock: Clock, state: () => ClusterState): Screen {
  let before: ClusterState = { daemonSets: [], nodes: [], events: [] };
  return throttled(clock, () => {
    const after = state();
    for (const line of changeLines(before, after)) write(line);
    before = after;
  });
}
