// Makes one step of a history happen. A step that makes no sense any more (its node has left, its DaemonSet is gone) does
// nothing, so that every part of a history is a history.
import { controllerOf, type DaemonSet, type Pod, resources, type Stored } from '../api/index.ts';
import type { DaemonSetSetup, Happening } from './history.ts';
import { isLive, labelledAway, nodeOf } from './truth.ts';
import { templateOf } from '../core/daemonset/index.ts';
import { calm } from './weather.ts';
import type { World } from './world.ts';

export const namespace = 'sim';
const user = 'user';
const taintKey = 'maintenance';

export function happen(world: World, step: Happening, setups: readonly DaemonSetSetup[]): void {
  const { server, fleet, clock, conditions } = world;
  world.say(`step ${JSON.stringify(step)}`);
  world.count(step.kind);
  world.stir();
  switch (step.kind) {
    case 'join':
      fleet.join(step.node, { 'topology.kubernetes.io/zone': step.zone, pool: step.pool });
      break;
    case 'leave':
      fleet.leave(step.node);
      break;
    case 'evict':
      fleet.fail(step.node, 'Evicted');
      break;
    case 'down':
      fleet.trouble(step.node, { down: true });
      clock.after(step.forMs, () => {
        fleet.trouble(step.node, { down: false });
        world.stir();
      });
      break;
    case 'stuck':
      fleet.trouble(step.node, { stuck: true });
      clock.after(step.forMs, () => {
        fleet.trouble(step.node, { stuck: false });
        world.stir();
      });
      break;
    case 'slow':
      fleet.trouble(step.node, { slowUntil: clock.now() + step.forMs });
      break;
    case 'failing':
      fleet.fail(step.node, undefined);
      fleet.trouble(step.node, { failUntil: clock.now() + step.forMs });
      break;
    case 'unready':
      fleet.trouble(step.node, { unreadyUntil: clock.now() + step.forMs });
      break;
    case 'taint':
    case 'untaint': {
      const node = server.find(resources.nodes, undefined, step.node);
      if (node === undefined) return;
      const taints = step.kind === 'taint' ? [{ key: taintKey, effect: step.effect }] : [];
      server.update(user, resources.nodes, { ...node, spec: { ...node.spec, taints } });
      break;
    }
    case 'relabel': {
      const node = server.find(resources.nodes, undefined, step.node);
      if (node === undefined) return;
      const labels = { ...node.metadata.labels, pool: step.pool };
      server.update(user, resources.nodes, { ...node, metadata: { ...node.metadata, labels } });
      break;
    }
    case 'template':
      edit(world, step.name, (object) => withTemplate(object, `${step.name}:${step.image}`, step.pool));
      break;
    case 'strategy':
      edit(world, step.name, ({ spec }) => ({ ...spec, updateStrategy: step.strategy }));
      break;
    case 'min-ready':
      edit(world, step.name, ({ spec }) => ({ ...spec, minReadySeconds: step.seconds }));
      break;
    case 'history-limit':
      edit(world, step.name, ({ spec }) => ({ ...spec, revisionHistoryLimit: step.limit }));
      break;
    case 'undo':
      undo(world, step.name);
      break;
    case 'apply': {
      const setup = setups.find(({ name }) => name === step.name);
      if (setup === undefined || server.find(resources.daemonSets, namespace, step.name) !== undefined) return;
      server.create(user, resources.daemonSets, daemonSetOf(setup));
      break;
    }
    case 'delete':
      if (server.find(resources.daemonSets, namespace, step.name)?.metadata.deletionTimestamp !== undefined) return;
      if (server.find(resources.daemonSets, namespace, step.name) === undefined) return;
      server.delete(user, resources.daemonSets, namespace, step.name, { propagationPolicy: step.cascade });
      break;
    case 'label-away':
      onPod(world, step.node, (pod) => ({ ...pod.metadata, labels: { ...pod.metadata.labels, app: labelledAway } }));
      break;
    case 'orphan-pod':
      onPod(world, step.node, ({ metadata }) => {
        const { ownerReferences: _, ...orphaned } = metadata;
        return orphaned;
      });
      break;
    case 'delete-pod': {
      const pod = podOn(world, step.node);
      if (pod !== undefined) server.delete(user, resources.pods, namespace, pod.metadata.name);
      break;
    }
    case 'loose-pod':
      loosePod(world, step.name, step.node);
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
      world.cutWatches();
      break;
    case 'compact':
      server.compact();
      world.cutWatches();
      break;
    case 'restart-server':
      conditions.downUntil = clock.now() + step.forMs;
      world.cutWatches();
      break;
    case 'clock-jump':
      world.clockOffsetMs += step.byMs;
      break;
    case 'crash':
      world.crash(step.controller, step.writes, step.backMs);
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

export function edit(world: World, name: string, change: (object: Stored<DaemonSet>) => DaemonSet['spec']): void {
  const object = world.server.find(resources.daemonSets, namespace, name);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
  world.server.update(user, resources.daemonSets, { ...object, spec: change(object) });
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
function undo(world: World, name: string): void {
  const object = world.server.find(resources.daemonSets, namespace, name);
  const [, previous] = world.server
    .all(resources.controllerRevisions)
    .filter(({ metadata }) => controllerOf(metadata)?.uid === object?.metadata.uid)
    .toSorted((a, b) => b.revision - a.revision);
  const template = previous === undefined ? undefined : templateOf(previous);
  if (template !== undefined) edit(world, name, ({ spec }) => ({ ...spec, template }));
}

function podOn({ server }: World, node: string): Stored<Pod> | undefined {
  return server
    .all(resources.pods)
    .find((pod) => nodeOf(pod) === node && isLive(pod) && controllerOf(pod.metadata) !== undefined);
}

function onPod(
  world: World,
  node: string,
  change: (pod: Stored<Pod>) => Stored<Pod>['metadata'] | Pod['metadata'],
): void {
  const pod = podOn(world, node);
  if (pod !== undefined) world.server.update(user, resources.pods, { ...pod, metadata: change(pod) });
}

function loosePod({ server, clock }: World, name: string, node: string): void {
  if (server.find(resources.nodes, undefined, node) === undefined) return;
  server.create(user, resources.pods, {
    metadata: { name: `loose-${node}-${server.version}-${clock.now()}`, namespace, labels: { app: name } },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'loose:1' }] },
  });
}
