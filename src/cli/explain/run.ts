// What `everynode explain` does: looks once, and tells. Writes nothing.
import { systemClock, systemRandom } from '../../machinery/index.ts';
import { createLogger } from '../../observe/index.ts';
import type { ExplainOptions } from '../commands/explain.ts';
import { connect } from '../controller/connect.ts';
import { Refusal } from '../failure.ts';
import { readSnapshot } from './read-snapshot.ts';
import { renderNode, renderReport } from './render.ts';
import { reportOf } from './report.ts';

export async function runExplain(name: string, options: ExplainOptions, version: string): Promise<void> {
  const { kubeconfig, context, namespace: asked, node: only, output } = options;
  const clock = systemClock;
  const { signal } = new AbortController();
  const log = createLogger({ level: 'error' });
  const userAgent = `everynode/${version} explain`;
  const connected = await connect({ kubeconfig, context, userAgent, clock, random: systemRandom, log, signal });
  try {
    const namespace = asked ?? connected.contextNamespace ?? connected.namespace ?? 'default';
    const report = reportOf(await readSnapshot(connected.client, { namespace, name }, signal), clock.now());
    const node = only === undefined ? undefined : report.nodes.find((one) => one.node === only);
    if (only !== undefined && node === undefined) throw new Refusal(`there is no node ${only}`);
    process.stdout.write(
      output === 'json'
        ? `${JSON.stringify(node === undefined ? report : { ...report, nodes: [node] }, undefined, 2)}\n`
        : node === undefined
          ? renderReport(report)
          : renderNode(report, node),
    );
  } finally {
    await connected.client.close();
  }
}
