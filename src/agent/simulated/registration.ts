// Which nodes the fleet brings into being. The rule that survives restarts best: a node is registered once in the life
// of a cluster. The names ever registered are kept in the cluster itself (a ConfigMap), so `kubectl delete node` is
// final, `--nodes 5` after `--nodes 3` adds two, and `--nodes 3` after that takes none away. A deleted node comes back
// when somebody creates it with the annotation everynode.dev/runtime: simulated.
import { type ConfigMap, isReason, resources, type Stored } from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import type { NodeNumbers } from './addresses.ts';
import type { Capacity } from '../node-report.ts';
import { registrationOf } from './node-object.ts';

const recordNamespace = 'kube-system';
const recordName = 'everynode-simulated-nodes';
const creationsInFlightMax = 64;

/** `node-1` … `node-N`, or the names given. */
export function nodeNames(nodes: number | readonly string[]): readonly string[] {
  return typeof nodes === 'number' ? Array.from({ length: nodes }, (_, index) => `node-${index + 1}`) : nodes;
}

/** Creates the nodes that never existed and remembers them. Safe to repeat after any failure. */
export async function registerNodes(
  { client, clock, log, signal }: ControllerContext,
  wanted: readonly string[],
  numbers: NodeNumbers,
  capacity: Capacity,
): Promise<void> {
  const record = await readRecord(client, signal);
  const registered = new Set(record?.data?.['nodes']?.split('\n'));
  const missing = wanted.filter((name) => !registered.has(name));
  if (missing.length === 0) return;
  const waiting = missing.values();
  const register = async () => {
    for (const name of waiting) {
      const number = numbers.take();
      if (number === undefined) {
        log.error('no address is left for another simulated node', { node: name });
        return;
      }
      try {
        await client.create(resources.nodes, registrationOf(name, number, capacity, clock.now()), { signal });
      } catch (error) {
        numbers.release(number);
        // By an earlier try, or by somebody else: it is theirs to annotate.
        if (!isReason(error, 'AlreadyExists')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(creationsInFlightMax, missing.length) }, register));
  await writeRecord(client, record, [...registered, ...missing].join('\n'), signal);
}

async function readRecord(
  client: ControllerContext['client'],
  signal: AbortSignal,
): Promise<Stored<ConfigMap> | undefined> {
  try {
    return await client.get(resources.configMaps, recordNamespace, recordName, { signal });
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function writeRecord(
  client: ControllerContext['client'],
  record: Stored<ConfigMap> | undefined,
  nodes: string,
  signal: AbortSignal,
): Promise<void> {
  if (record !== undefined) {
    await client.update(resources.configMaps, { ...record, data: { ...record.data, nodes } }, { signal });
    return;
  }
  const fresh: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: recordName, namespace: recordNamespace },
    data: { nodes },
  };
  await client.create(resources.configMaps, fresh, { signal });
}
