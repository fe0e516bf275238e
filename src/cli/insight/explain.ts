// What `everynode explain` does: looks once, and tells. Writes nothing.
import type { ExplainOptions } from '../commands/explain.ts';
import { Refusal } from '../failure.ts';
import { renderNode, renderReport } from './explain-render.ts';
import { reportOf } from './explain-report.ts';
import { lookAt } from './look.ts';
import { findDaemonSet, readSnapshot } from './read-snapshot.ts';

export function runExplain(name: string, options: ExplainOptions, version: string): Promise<void> {
  return lookAt(options, `everynode/${version} explain`, async ({ client, namespace, signal, now }) => {
    const daemonSet = await findDaemonSet(client, namespace, name, signal);
    if (daemonSet === undefined) throw new Refusal(`there is no DaemonSet ${namespace}/${name}`);
    const report = reportOf(await readSnapshot(client, daemonSet, signal), now);
    const { node: only, output } = options;
    const node = only === undefined ? undefined : report.nodes.find((one) => one.node === only);
    if (only !== undefined && node === undefined) throw new Refusal(`there is no node ${only}`);
    const json = () => `${JSON.stringify(node === undefined ? report : { ...report, nodes: [node] }, undefined, 2)}\n`;
    const text = () => (node === undefined ? renderReport(report) : renderNode(report, node));
    process.stdout.write(output === 'json' ? json() : text());
  });
}
