// The live table of `everynode up`: state in, text out. Pure; screen.ts puts it on the terminal.
import type { ClusterState, DaemonSetRow, EventRow, NodeRow } from './state.ts';
import { type Alignment, columnsOf, fit, type Paint } from './text.ts';

export interface Frame {
  /** Where the state is kept, in words: a path, or that it is in memory. */
  readonly stateKept: string;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const progressColumnsMax = 40;
const nodeRowsMax = 6;
/** `Ready,SchedulingDisabled`, `110 pods`, and the blanks around. */
const statusAndPodsColumns = 38;
const eventRowsMax = 5;

/** At most `rows` lines, each at most `columns` wide. DaemonSets get the room that the rest leaves. */
export function renderCluster(state: ClusterState, frame: Frame): string {
  const { paint, columns, rows } = frame;
  const nodes = nodeLines(state.nodes, nodeRowsMax, frame);
  const events = state.events.slice(-eventRowsMax).map((event) => eventLine(event, frame));
  const footer = paint('dim', fit(`Ctrl-C stops the cluster. State: ${frame.stateKept}`, columns));
  const rest = ['', ...nodes, ...(events.length === 0 ? [] : ['', ...events]), '', footer];
  return [...daemonSetLines(state.daemonSets, Math.max(3, rows - rest.length), frame), ...rest].join('\n');
}

const daemonSetHeads = ['DAEMONSET', 'DESIRED', 'CURRENT', 'READY', 'UPDATED', 'AVAIL', 'REV'];
/** What the numbers take, so that the names can have what is left. */
const numbersColumns = daemonSetHeads.slice(1).reduce((sum, head) => sum + head.length + 2, 0);

function daemonSetLines(daemonSets: readonly DaemonSetRow[], linesMax: number, frame: Frame): readonly string[] {
  const { paint, columns } = frame;
  if (daemonSets.length === 0) return [paint('dim', 'No DaemonSets yet: kubectl apply -f one.')];
  const cells = daemonSets.map((row) => [
    fit(row.name, Math.max(10, columns - numbersColumns)),
    String(row.desired),
    String(row.current),
    paint(row.ready < row.desired ? 'yellow' : 'green', String(row.ready)),
    String(row.updated),
    String(row.available),
    row.revision === 0 ? '-' : String(row.revision),
  ]);
  const alignments: readonly Alignment[] = ['left', ...daemonSetHeads.slice(1).map((): Alignment => 'right')];
  const [heading, ...rows] = columnsOf([daemonSetHeads.map((head) => paint('bold', head)), ...cells], alignments);
  const lines = [heading!];
  for (const [index, row] of daemonSets.entries()) {
    const entry = row.rolling ? [rows[index]!, `  ${progressBar(row, columns, paint)}`] : [rows[index]!];
    const left = daemonSets.length - index;
    // The last line is for the number of those that have no room.
    if (lines.length + entry.length > linesMax - (left > 1 ? 1 : 0)) return [...lines, more(left, 'DaemonSet', paint)];
    lines.push(...entry);
  }
  return lines;
}

/**
 * `██████▒▒░░░░░░░░ 3/10 nodes`: the part of the nodes whose pod of the newest revision is available, then those where
 * it is still starting, then the rest.
 */
export function progressBar(
  row: Pick<DaemonSetRow, 'desired' | 'updated' | 'available'>,
  columns: number,
  paint: Paint,
): string {
  const { desired, updated } = row;
  const done = Math.min(updated, row.available);
  const label = ` ${done}/${desired} nodes`;
  const width = Math.max(1, Math.min(progressColumnsMax, columns - label.length - 2));
  const cells = (count: number) => (desired === 0 ? 0 : Math.min(width, Math.floor((count * width) / desired)));
  const full = cells(done);
  const starting = Math.max(0, cells(updated) - full);
  const parts = [
    paint('green', '█'.repeat(full)),
    paint('yellow', '▒'.repeat(starting)),
    paint('dim', '░'.repeat(width - full - starting)),
  ];
  return `${parts.join('')}${label}`;
}

function nodeLines(nodes: readonly NodeRow[], rowsMax: number, { paint, columns }: Frame): readonly string[] {
  const ready = nodes.filter((node) => node.ready).length;
  const pods = nodes.reduce((sum, node) => sum + node.pods, 0);
  // What needs a look comes first; the others in the order of their names.
  const shown = nodes.toSorted((a, b) => unusual(b) - unusual(a) || compareNames(a.name, b.name)).slice(0, rowsMax);
  const namesColumns = Math.floor(columns / 3);
  const rows = shown.map((node) => [
    fit(node.name, namesColumns),
    nodeStatus(node, paint),
    counted(node.pods, 'pod'),
    fit(node.taints.join(' '), Math.max(1, columns - namesColumns - statusAndPodsColumns)),
  ]);
  return [
    `${paint('bold', 'NODES')}  ${ready}/${nodes.length} ready, ${counted(pods, 'pod')}`,
    ...columnsOf(rows, ['left', 'left', 'right', 'left']),
    ...(nodes.length > shown.length ? [more(nodes.length - shown.length, 'node', paint)] : []),
  ];
}

const unusual = (node: NodeRow) => (node.ready ? 0 : 2) + (node.cordoned || node.taints.length > 0 ? 1 : 0);
/** node-2 before node-10. */
const compareNames = new Intl.Collator('en', { numeric: true }).compare;

function nodeStatus(node: NodeRow, paint: Paint): string {
  const status = node.ready ? paint('green', 'Ready') : paint('red', 'NotReady');
  return node.cordoned ? `${status},${paint('yellow', 'SchedulingDisabled')}` : status;
}

function eventLine(event: EventRow, { columns, paint }: Frame): string {
  const { about, message, reason, warning } = event;
  const times = event.count > 1 ? ` (x${event.count})` : '';
  // What goes wrong is looked up by its object and reason; what goes well is told by the message alone.
  const text = warning ? `${about}  ${reason}: ${message}${times}` : `${message}${times}  ${about}`;
  return paint(warning ? 'yellow' : 'dim', fit(`${clockTime(event.atMs)}  ${text}`, columns));
}

function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

function more(count: number, noun: string, paint: Paint): string {
  return paint('dim', `… and ${count} more ${noun}${count === 1 ? '' : 's'}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
