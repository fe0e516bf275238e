// A world of plain maps for the fleet's tests: fleets are started, stopped and started again in it, in virtual time.
import { isTrue, type ObjectMeta, type PodSpec, resources } from '../../api/index.ts';
import { createFakeClient } from '../../client/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { parseMisbehaviourRule, startSimulatedFleet } from './index.ts';

export function world(t: { after(end: () => void): void }) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const stops: AbortController[] = [];
  t.after(() => stops.forEach((stop) => stop.abort()));
  const events: string[] = [];
  const recorder = {
    record: (_: unknown, type: string, reason: string, message: string) =>
      void events.push(`${type} ${reason}: ${message}`),
    flushed: async () => {},
    stopped: Promise.resolve(),
  };
  const pod = (name: string) => client.all(resources.pods).find(({ metadata }) => metadata.name === name);
  return {
    clock,
    client,
    events,
    pod,
    run: async (nodes: number, rules: readonly string[] = []) => {
      const stop = new AbortController();
      stops.push(stop);
      const fleet = startSimulatedFleet({
        client,
        clock,
        random,
        log: silentLogger,
        signal: stop.signal,
        recorder,
        nodes,
        rules: rules.map(parseMisbehaviourRule),
      });
      await clock.advance(0);
      return {
        fleet,
        stop: async () => {
          stop.abort();
          await fleet.stopped;
        },
      };
    },
    addPod: (name: string, spec: Partial<PodSpec> = {}, metadata: ObjectMeta = {}) =>
      client.add(resources.pods, {
        metadata: { name, namespace: 'default', ...metadata },
        spec: {
          containers: [{ name: 'main', image: 'quay.io/agent:v1' }],
          nodeName: 'node-1',
          restartPolicy: 'Always',
          ...spec,
        },
        status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
      }),
    nodeNames: () => client.all(resources.nodes).map(({ metadata }) => metadata.name),
    phase: (name: string) => pod(name)?.status?.phase,
    container: (name: string) => pod(name)?.status?.containerStatuses?.[0],
    isReady: (name: string) => isTrue(pod(name)?.status?.conditions, 'Ready'),
    statusWrites: () => client.count('patch', 'pods/status'),
  };
}
