// The live table of `everynode up`: state in, text out. Pure; screen.ts puts it on the terminal.
import type { ClusterState, DaemonSetRow, EventRow, NodeRow } from './state.ts';
import { type Alignment, columnsOf, fit, type Paint } from './text.ts';

export interface Frame {
  readonly version: string;
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Where the state is kept, in words: a path, or that it is in memory. */
  readonly stateKept: string;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const progressColumns = 20;
/** Rows that header, headings, blank lines and footer take. */
const fixedRows = 11;
const nodeRowsMax = 6;
const eventRowsMax = 5;

export function renderCluster(state: ClusterState, frame: Frame): string {
  const { paint } = frame;
  const eventRows = Math.min(eventRowsMax, state.events.length);
  const nodeRows = Math.min(nodeRowsMax, state.nodes.length);
  const daemonSetRows = Math.max(1, frame.rows - fixedRows - eventRows - nodeRows);
  const lines = [
    `${paint('bold', `everynode ${frame.version}`)}  ${paint('cyan', frame.url)}`,
    `export KUBECONFIG=${frame.kubeconfigPath}`,
    '',
    ...daemonSetLines(state.daemonSets, daemonSetRows, paint),
    '',
    ...nodeLines(state.nodes, nodeRows, paint),
    ...(eventRows === 0 ? [] : ['', ...eventLines(state.events.slice(-eventRows), frame)]),
    '',
    paint('dim', fit(`Ctrl-C stops the cluster. State: ${frame.stateKept}`, frame.columns)),
  ];
  return lines.join('\n');
}

const daemonSetHeads = ['DAEMONSET', 'DESIRED', 'CURRENT', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'REVISION', 'ROLLOUT'];
const daemonSetAlignments: readonly Alignment[] = [
  'left',
  'right',
  'right',
  'right',
  'right',
  'right',
  'right',
  'left',
];

function daemonSetLines(daemonSets: readonly DaemonSetRow[], rowsMax: number, paint: Paint): readonly string[] {
  if (daemonSets.length === 0) return [paint('dim', 'No DaemonSets yet: kubectl apply -f one.')];
  const shown = daemonSets.slice(0, rowsMax);
  const rows = shown.map((row) => [
    row.name,
    String(row.desired),
    String(row.current),
    paint(row.ready < row.desired ? 'yellow' : 'green', String(row.ready)),
    String(row.updated),
    String(row.available),
    row.revision === 0 ? '-' : String(row.revision),
    row.rolling ? progressBar(row, paint) : paint('green', 'complete'),
  ]);
  return [
    ...columnsOf([daemonSetHeads.map((head) => paint('bold', head)), ...rows], daemonSetAlignments),
    ...more(daemonSets.length - shown.length, 'DaemonSet', paint),
  ];
}

/**
 * `██████▒▒▒▒░░░░░░░░░░ 3/10`: pods of the newest revision that are available, then those of it that are still
 * starting, then the rest. The number counts nodes that are done.
 */
export function progressBar(row: Pick<DaemonSetRow, 'desired' | 'updated' | 'available'>, paint: Paint): string {
  const { desired, updated } = row;
  const done = Math.min(updated, row.available);
  const cells = (count: number) =>
    desired === 0 ? 0 : Math.min(progressColumns, Math.floor((count * progressColumns) / desired));
  const full = cells(done);
  const starting = Math.max(0, cells(updated) - full);
  const rest = progressColumns - full - starting;
  return `${paint('green', '█'.repeat(full))}${paint('yellow', '▒'.repeat(starting))}${paint('dim', '░'.repeat(rest))} ${done}/${desired}`;
}

function nodeLines(nodes: readonly NodeRow[], rowsMax: number, paint: Paint): readonly string[] {
  const ready = nodes.filter((node) => node.ready).length;
  const pods = nodes.reduce((sum, node) => sum + node.pods, 0);
  const summary = `${ready}/${nodes.length} ready, ${pods} pods`;
  // What needs a look comes first; the others in the order of their names.
  const shown = nodes.toSorted((a, b) => unusual(b) - unusual(a) || compareNames(a.name, b.name)).slice(0, rowsMax);
  const rows = shown.map((node) => [node.name, nodeStatus(node, paint), String(node.pods), node.taints.join(' ')]);
  const heads = ['NODE', 'STATUS', 'PODS', ''].map((head) => paint('bold', head));
  return [
    ...columnsOf([[...heads.slice(0, 3), summary], ...rows], ['left', 'left', 'right', 'left']),
    ...more(nodes.length - shown.length, 'node', paint),
  ];
}

const unusual = (node: NodeRow) => (node.ready ? 0 : 2) + (node.cordoned || node.taints.length > 0 ? 1 : 0);
/** node-2 before node-10. */
const compareNames = new Intl.Collator('en', { numeric: true }).compare;

function nodeStatus(node: NodeRow, paint: Paint): string {
  const status = node.ready ? paint('green', 'Ready') : paint('red', 'NotReady');
  return node.cordoned ? `${status},${paint('yellow', 'SchedulingDisabled')}` : status;
}

function eventLines(events: readonly EventRow[], frame: Frame): readonly string[] {
  return events.map((event) => {
    const times = event.count > 1 ? ` (x${event.count})` : '';
    const line = fit(
      `${clockTime(event.atMs)}  ${event.reason}  ${event.about}: ${event.message}${times}`,
      frame.columns,
    );
    return frame.paint(event.warning ? 'yellow' : 'dim', line);
  });
}

function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

function more(count: number, noun: string, paint: Paint): readonly string[] {
  return count > 0 ? [paint('dim', `… and ${count} more ${noun}${count === 1 ? '' : 's'}`)] : [];
}
