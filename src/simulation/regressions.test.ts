// Histories that once broke a promise, as the simulator shrank them. Each must stay quiet.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { History } from './history.ts';
import { runHistory } from './run.ts';

const histories: readonly (readonly [string, History])[] = [
  [
    "a status write's late answer put an older spec back, and the newest template was never rolled out",
    {
      seed: 237,
      controllers: 1,
      nodes: [
        { node: 'n1', zone: 'a', pool: 'blue' },
        { node: 'n2', zone: 'c', pool: 'blue' },
        { node: 'n3', zone: 'b', pool: 'green' },
        { node: 'n4', zone: 'c', pool: 'blue' },
        { node: 'n5', zone: 'c', pool: 'green' },
        { node: 'n6', zone: 'b', pool: 'green' },
      ],
      daemonSets: [{ name: 'log', strategy: { type: 'OnDelete' }, minReadySeconds: 0, historyLimit: 10 }],
      steps: [
        { afterMs: 0, kind: 'crash', controller: 0, writes: 2, backMs: 489 },
        { afterMs: 6492, kind: 'orphan-pod', node: 'n6' },
        { afterMs: 0, kind: 'template', name: 'log', image: '2' },
        { afterMs: 5076, kind: 'crash', controller: 0, writes: 2, backMs: 462 },
        { afterMs: 0, kind: 'orphan-pod', node: 'n5' },
        { afterMs: 0, kind: 'template', name: 'log', image: '3' },
        { afterMs: 1748, kind: 'template', name: 'log', image: '3' },
        { afterMs: 0, kind: 'template', name: 'log', image: 'broken-4' },
        { afterMs: 3915, kind: 'template', name: 'log', image: '5' },
        { afterMs: 260, kind: 'template', name: 'log', image: '6' },
        { afterMs: 8956, kind: 'template', name: 'log', image: '7' },
        { afterMs: 0, kind: 'orphan-pod', node: 'n4' },
        { afterMs: 1570, kind: 'template', name: 'log', image: '8' },
        { afterMs: 22595, kind: 'template', name: 'log', image: '9' },
        { afterMs: 0, kind: 'orphan-pod', node: 'n1' },
        { afterMs: 21849, kind: 'orphan-pod', node: 'n3' },
        { afterMs: 0, kind: 'crash', controller: 0, writes: 5, backMs: 388 },
        { afterMs: 5124, kind: 'template', name: 'log', image: 'broken-10', pool: 'blue' },
        { afterMs: 1176, kind: 'template', name: 'log', image: '2' },
      ],
    },
  ],
  [
    'an orphan that was adopted did not count before the watch showed it, and its node got another pod',
    {
      seed: 25,
      controllers: 1,
      nodes: [
        { node: 'n1', zone: 'c', pool: 'green' },
        { node: 'n2', zone: 'b', pool: 'blue' },
        { node: 'n3', zone: 'a', pool: 'green' },
        { node: 'n4', zone: 'a', pool: 'blue' },
        { node: 'n5', zone: 'a', pool: 'green' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 3 } },
          minReadySeconds: 0,
          historyLimit: 0,
        },
      ],
      steps: [
        { afterMs: 0, kind: 'stall', resource: 'pods', forMs: 50000 },
        { afterMs: 75, kind: 'crash', controller: 0, writes: 3, backMs: 12726 },
        { afterMs: 0, kind: 'loose-pod', name: 'log', node: 'n1' },
        { afterMs: 0, kind: 'template', name: 'log', image: '2' },
        { afterMs: 43536, kind: 'stall', resource: 'daemonsets', forMs: 3000 },
      ],
    },
  ],
  [
    'a pod whose creation was answered was forgotten after 30 s of a silent watch, and the next template made a third one',
    {
      seed: 15,
      controllers: 1,
      nodes: [{ node: 'n7', zone: 'b', pool: 'blue' }],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
      ],
      steps: [
        { afterMs: 0, kind: 'stall', resource: 'pods', forMs: 120000 },
        { afterMs: 4515, kind: 'restart-server', forMs: 500 },
        { afterMs: 45185, kind: 'template', name: 'log', image: 'broken-4' },
        { afterMs: 14583, kind: 'template', name: 'log', image: '5' },
      ],
    },
  ],
  [
    'a revision was pruned that a pod on its way carried',
    {
      seed: 32,
      controllers: 1,
      nodes: [
        { node: 'n2', zone: 'c', pool: 'blue' },
        { node: 'n3', zone: 'a', pool: 'green' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
      ],
      steps: [
        { afterMs: 0, kind: 'template', name: 'log', image: '9', pool: 'green' },
        { afterMs: 0, kind: 'stall', resource: 'pods', forMs: 20000 },
        { afterMs: 9393, kind: 'template', name: 'log', image: '3' },
        { afterMs: 0, kind: 'history-limit', name: 'log', limit: 1 },
        { afterMs: 0, kind: 'template', name: 'log', image: '12', pool: 'green' },
      ],
    },
  ],
  [
    'a pod was removed because it did not serve when it was last seen, though it served by then',
    {
      seed: 252,
      controllers: 1,
      nodes: [
        { node: 'n2', zone: 'b', pool: 'green' },
        { node: 'n5', zone: 'a', pool: 'blue' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
        {
          name: 'net',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
      ],
      steps: [
        { afterMs: 144461, kind: 'template', name: 'log', image: 'broken-8' },
        { afterMs: 0, kind: 'restart-server', forMs: 30000 },
        { afterMs: 0, kind: 'unready', node: 'n2', forMs: 300000 },
        { afterMs: 987, kind: 'crash', controller: 0, writes: 7, backMs: 8825 },
      ],
    },
  ],
  [
    "names are what stands between a dead controller's last create and its successor's first",
    {
      seed: 310,
      controllers: 1,
      nodes: [{ node: 'n3', zone: 'b', pool: 'green' }],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 3 } },
          minReadySeconds: 0,
          historyLimit: 1,
        },
      ],
      steps: [
        { afterMs: 186258, kind: 'failing', node: 'n3', forMs: 60000 },
        { afterMs: 25998, kind: 'stall', resource: 'pods', forMs: 120000 },
        { afterMs: 6490, kind: 'template', name: 'log', image: '3' },
      ],
    },
  ],
  [
    'a node that was back, by its pod, though not yet by the late watch of nodes, cost the rollout no budget',
    {
      seed: 4914,
      controllers: 1,
      nodes: [
        { node: 'n3', zone: 'b', pool: 'blue' },
        { node: 'n4', zone: 'b', pool: 'blue' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 0,
        },
      ],
      steps: [
        { afterMs: 0, kind: 'down', node: 'n3', forMs: 60000 },
        { afterMs: 0, kind: 'stall', resource: 'nodes', forMs: 120000 },
        { afterMs: 70667, kind: 'template', name: 'log', image: '4' },
      ],
    },
  ],
  [
    'a surge that waited for the API server was sent though the strategy had no surge any more',
    {
      seed: 17,
      controllers: 1,
      nodes: [
        { node: 'n1', zone: 'b', pool: 'green' },
        { node: 'n2', zone: 'b', pool: 'green' },
        { node: 'n3', zone: 'c', pool: 'green' },
        { node: 'n4', zone: 'c', pool: 'green' },
        { node: 'n5', zone: 'b', pool: 'green' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 3 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
      ],
      steps: [
        { afterMs: 14560, kind: 'template', name: 'log', image: '2' },
        {
          afterMs: 3566,
          kind: 'weather',
          weather: {
            latencyMsMax: 500,
            watchDelayMsMax: 5,
            throttled: 0.025,
            conflict: 0.15,
            serverError: 0.15,
            requestLost: 0,
            responseLost: 0,
            staleList: 0,
          },
          forMs: 120000,
        },
        {
          afterMs: 1089,
          kind: 'weather',
          weather: {
            latencyMsMax: 2000,
            watchDelayMsMax: 5,
            throttled: 0,
            conflict: 0,
            serverError: 0.15,
            requestLost: 0.075,
            responseLost: 0.025,
            staleList: 0,
          },
          forMs: 120000,
        },
        { afterMs: 0, kind: 'template', name: 'log', image: '3' },
        {
          afterMs: 31886,
          kind: 'strategy',
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: 0 } },
        },
      ],
    },
  ],
  [
    'a revision that was pruned came back from a late picture when the spec changed, and pods were made of it',
    {
      seed: 11911,
      controllers: 1,
      nodes: [{ node: 'n1', zone: 'a', pool: 'blue' }],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 0,
        },
      ],
      steps: [
        { afterMs: 5111, kind: 'template', name: 'log', image: '3' },
        { afterMs: 381, kind: 'stall', resource: 'controllerrevisions', forMs: 50000 },
        { afterMs: 0, kind: 'template', name: 'log', image: '1' },
        { afterMs: 315, kind: 'template', name: 'log', image: '3' },
      ],
    },
  ],
  [
    'controller and garbage collector made and removed pods in turn, while only the watch of pods told what went on',
    {
      seed: 13467,
      controllers: 1,
      nodes: [
        { node: 'n1', zone: 'a', pool: 'green' },
        { node: 'n2', zone: 'c', pool: 'blue' },
        { node: 'n3', zone: 'c', pool: 'blue' },
        { node: 'n4', zone: 'a', pool: 'blue' },
        { node: 'n5', zone: 'a', pool: 'blue' },
        { node: 'n6', zone: 'c', pool: 'blue' },
        { node: 'n7', zone: 'c', pool: 'green' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 1,
        },
      ],
      steps: [
        { afterMs: 1671, kind: 'template', name: 'log', image: '2' },
        { afterMs: 156, kind: 'template', name: 'log', image: '3' },
        { afterMs: 0, kind: 'template', name: 'log', image: '5' },
        { afterMs: 45745, kind: 'restart-server', forMs: 5000 },
        { afterMs: 0, kind: 'delete', name: 'log', cascade: 'Foreground' },
        { afterMs: 0, kind: 'restart-server', forMs: 30000 },
        { afterMs: 30494, kind: 'apply', name: 'log' },
      ],
    },
  ],
  [
    'a pod that was deleted, released and ours again in what a late watch told, counted as serving',
    {
      seed: 14381,
      controllers: 1,
      nodes: [
        { node: 'n1', zone: 'b', pool: 'green' },
        { node: 'n2', zone: 'c', pool: 'blue' },
        { node: 'n3', zone: 'c', pool: 'green' },
        { node: 'n4', zone: 'b', pool: 'green' },
      ],
      daemonSets: [
        {
          name: 'log',
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          minReadySeconds: 0,
          historyLimit: 10,
        },
      ],
      steps: [
        { afterMs: 4600, kind: 'template', name: 'log', image: '2' },
        { afterMs: 0, kind: 'history-limit', name: 'log', limit: 5 },
        { afterMs: 16884, kind: 'orphan-pod', node: 'n2' },
        { afterMs: 54932, kind: 'orphan-pod', node: 'n1' },
        {
          afterMs: 0,
          kind: 'weather',
          weather: {
            latencyMsMax: 5,
            watchDelayMsMax: 20000,
            throttled: 0,
            conflict: 0,
            serverError: 0.025,
            requestLost: 0,
            responseLost: 0,
            staleList: 0,
          },
          forMs: 120000,
        },
        { afterMs: 26, kind: 'template', name: 'log', image: '3' },
        { afterMs: 0, kind: 'template', name: 'log', image: '6' },
        { afterMs: 51740, kind: 'history-limit', name: 'log', limit: 1 },
      ],
    },
  ],
];

describe('what the simulator once found', () => {
  for (const [what, history] of histories)
    it(`does not come back: ${what}`, async () => {
      const { violation } = await runHistory(history);
      assert.equal(violation, undefined);
    });
});
