// What `everynode up` prints when there is no terminal to draw on: one plain line for each thing that changed. Pure.
import type { ClusterState, DaemonSetRow } from './state.ts';

/** The lines that tell what is different from `before`. */
export function changeLines(before: ClusterState, after: ClusterState): readonly string[] {
  const known = new Map(before.daemonSets.map((row) => [row.name, daemonSetLine(row)]));
  const lines = after.daemonSets
    .map(daemonSetLine)
    .filter((line, index) => known.get(after.daemonSets[index]!.name) !== line);
  const present = new Set(after.daemonSets.map((row) => row.name));
  for (const row of before.daemonSets) if (!present.has(row.name)) lines.push(`daemonset ${row.name} is gone`);
  const nodes = nodesLine(after);
  if (nodes !== nodesLine(before)) lines.push(nodes);
  const seen = new Map(before.events.map((event) => [event.key, event.count]));
  for (const event of after.events) {
    if (event.warning && seen.get(event.key) !== event.count) {
      lines.push(
        `warning ${event.reason} ${event.about}: ${event.message}${event.count > 1 ? ` (x${event.count})` : ''}`,
      );
    }
  }
  return lines;
}

function daemonSetLine(row: DaemonSetRow): string {
  const counts = `desired ${row.desired}, current ${row.current}, ready ${row.ready}, up-to-date ${row.updated}, available ${row.available}`;
  return `daemonset ${row.name}: ${counts}, revision ${row.revision}${row.rolling ? '' : ', complete'}`;
}

function nodesLine(state: ClusterState): string {
  return `nodes: ${state.nodes.filter((node) => node.ready).length} of ${state.nodes.length} ready`;
}
