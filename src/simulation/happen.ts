// Makes one step of a history happen. A step that makes no sense any more (its node has left, its DaemonSet is gone) does
// nothing, so that every part of a history is a history.
import { controllerOf, type DaemonSet, type Pod, resources, type Stored } from '../api/index.ts';
import { namespace } from './namespace.ts';
import type { DaemonSetSetup, Happening } from './history.ts';
import { processName } from './lives.ts';
import { onPolicy } from './policies.ts';
import { isLive, labelledAway, nodeOf } from './truth.ts';
import { templateOf } from '../core/daemonset/index.ts';
import { calm } from './weather.ts';
import type { World } from './world.ts';

const taintKey = 'maintenance';

export async function happen(world: World, step: Happening, setups: readonly DaemonSetSetup[]): Promise<void> {
  const { server, clock, conditions, lives, site } = world;
  const { user, nodes } = site;
  world.say(`step ${JSON.stringify(step)}`);
  world.count(step.kind);
  site.stir();
  switch (step.kind) {
    case 'join':
      await nodes.join(step.node, { 'topology.kubernetes.io/zone': step.zone, pool: step.pool });
      break;
    case 'leave':
      await nodes.leave(step.node);
      break;
    case 'evict':
      await nodes.evict(step.node);
      break;
    case 'down':
    case 'stuck':
    case 'slow':
    case 'failing':
    case 'unready':
      await nodes.trouble(step.node, step.kind, step.forMs);
      break;
    case 'taint':
    case 'untaint': {
      const node = server.find(resources.nodes, undefined, step.node);
      if (node === undefined) return;
      const taints = step.kind === 'taint' ? [{ key: taintKey, effect: step.effect }] : [];
      await user.update(resources.nodes, { ...node, spec: { ...node.spec, taints } });
      break;
    }
    case 'relabel': {
      const node = server.find(resources.nodes, undefined, step.node);
      if (node === undefined) return;
      const labels = { ...node.metadata.labels, pool: step.pool };
      await user.update(resources.nodes, { ...node, metadata: { ...node.metadata, labels } });
      break;
    }
    case 'template':
      await edit(world, step.name, (object) => withTemplate(object, `${step.name}:${step.image}`, step.pool));
      break;
    case 'strategy':
      await edit(world, step.name, ({ spec }) => ({ ...spec, updateStrategy: step.strategy }));
      break;
    case 'min-ready':
      await edit(world, step.name, ({ spec }) => ({ ...spec, minReadySeconds: step.seconds }));
      break;
    case 'history-limit':
      await edit(world, step.name, ({ spec }) => ({ ...spec, revisionHistoryLimit: step.limit }));
      break;
    case 'undo':
      await undo(world, step.name);
      break;
    case 'delete-revision': {
      const [newest] = revisionsOf(world, step.name);
      if (newest === undefined) return;
      await user.delete(resources.controllerRevisions, namespace, newest.metadata.name);
      break;
    }
    case 'apply': {
      const setup = setups.find(({ name }) => name === step.name);
      if (setup === undefined || server.find(resources.daemonSets, namespace, step.name) !== undefined) return;
      await user.create(resources.daemonSets, daemonSetOf(setup));
      break;
    }
    case 'delete':
      if (server.find(resources.daemonSets, namespace, step.name)?.metadata.deletionTimestamp !== undefined) return;
      if (server.find(resources.daemonSets, namespace, step.name) === undefined) return;
      await user.delete(resources.daemonSets, namespace, step.name, { propagationPolicy: step.cascade });
      break;
    case 'label-away':
      await onPod(world, step.node, (pod) => ({
        ...pod.metadata,
        labels: { ...pod.metadata.labels, app: labelledAway },
      }));
      break;
    case 'orphan-pod':
      await onPod(world, step.node, ({ metadata }) => {
        const { ownerReferences: _, ...orphaned } = metadata;
        return orphaned;
      });
      break;
    case 'delete-pod': {
      const pod = podOn(world, step.node);
      if (pod !== undefined) await user.delete(resources.pods, namespace, pod.metadata.name);
      break;
    }
    case 'loose-pod':
      await loosePod(world, step.name, step.node);
      break;
    case 'policy':
    case 'pause':
    case 'resume':
    case 'approve':
    case 'retry':
    case 'unpolicy':
      await onPolicy(world, step);
      break;
    case 'weather':
      conditions.weather = step.weather;
      clock.after(step.forMs, () => {
        if (conditions.weather === step.weather) conditions.weather = calm;
      });
      break;
    case 'stall':
      conditions.stalledUntil.set(step.resource, clock.now() + step.forMs);
      break;
    case 'cut':
      lives.cutWatches();
      break;
    case 'compact':
      await site.compact();
      lives.cutWatches();
      break;
    case 'restart-server':
      lives.cutWatches();
      await site.restart(step.forMs);
      break;
    case 'clock-jump':
      lives.clockOffsetMs += step.byMs;
      site.setClock(lives.clockOffsetMs);
      break;
    case 'isolate':
      conditions.isolatedUntil.set(
        `${processName(step.controller)}${step.lease ? ' leases' : ''}`,
        clock.now() + step.forMs,
      );
      break;
    case 'crash':
      lives.crash(step.controller, step.writes, step.backMs);
      break;
  }
}

export function daemonSetOf({ name, strategy, minReadySeconds, historyLimit }: DaemonSetSetup): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      updateStrategy: strategy,
      minReadySeconds,
      revisionHistoryLimit: historyLimit,
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 5, containers: [{ name: 'main', image: `${name}:1` }] },
      },
    },
  };
}

export async function edit(
  world: World,
  name: string,
  change: (object: Stored<DaemonSet>) => DaemonSet['spec'],
): Promise<void> {
  const object = world.server.find(resources.daemonSets, namespace, name);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
  await world.site.user.update(resources.daemonSets, { ...object, spec: change(object) });
}

export function withTemplate({ spec }: DaemonSet, image: string, pool: string | undefined): DaemonSet['spec'] {
  const { nodeSelector: _, ...template } = spec.template.spec;
  const selector = pool === undefined ? {} : { nodeSelector: { pool } };
  return {
    ...spec,
    template: { ...spec.template, spec: { ...template, ...selector, containers: [{ name: 'main', image }] } },
  };
}

/** What `kubectl rollout undo` does: the template of the last revision but one. */
async function undo(world: World, name: string): Promise<void> {
  const [, previous] = revisionsOf(world, name);
  const template = previous === undefined ? undefined : templateOf(previous);
  if (template !== undefined) await edit(world, name, ({ spec }) => ({ ...spec, template }));
}

/** The newest first. */
function revisionsOf({ server }: World, name: string) {
  const object = server.find(resources.daemonSets, namespace, name);
  return server
    .all(resources.controllerRevisions)
    .filter(({ metadata }) => controllerOf(metadata)?.uid === object?.metadata.uid)
    .toSorted((a, b) => b.revision - a.revision);
}

function podOn({ server }: World, node: string): Stored<Pod> | undefined {
  return server
    .all(resources.pods)
    .find((pod) => nodeOf(pod) === node && isLive(pod) && controllerOf(pod.metadata) !== undefined);
}

async function onPod(
  world: World,
  node: string,
  change: (pod: Stored<Pod>) => Stored<Pod>['metadata'] | Pod['metadata'],
): Promise<void> {
  const pod = podOn(world, node);
  if (pod !== undefined) await world.site.user.update(resources.pods, { ...pod, metadata: change(pod) });
}

async function loosePod({ server, clock, site }: World, name: string, node: string): Promise<void> {
  if (server.find(resources.nodes, undefined, node) === undefined) return;
  await site.user.create(resources.pods, {
    metadata: { name: `loose-${node}-${server.version}-${clock.now()}`, namespace, labels: { app: name } },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'loose:1' }] },
  });
}
