// A cluster whose node is this machine, on a containerd of the test's own, and pods bound to it.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  Container,
  ContainerStatus,
  Event,
  KubernetesList,
  Pod,
  PodSpec,
  Stored,
} from '../../../src/api/index.ts';
import { type Everynode, up } from '../../e2e/support/everynode.ts';
import { type Containerd, toolsImage } from './containerd.ts';

/** What this machine is called as a node. */
export const nodeName = hostname().toLowerCase();

export interface World {
  readonly everynode: Everynode;
  readonly dataDir: string;
  /** A directory of the host for hostPath volumes. */
  readonly host: string;
  readonly apply: (...pods: readonly Pod[]) => Promise<void>;
  readonly pod: (name: string) => Promise<Stored<Pod>>;
  readonly status: (name: string, container?: number) => Promise<ContainerStatus>;
  /** `reason: message` of each event about the object of that name. */
  readonly events: (name: string) => Promise<readonly string[]>;
}

let clusters = 0;

/** Starts `everynode up --runtime containerd`; it ends with the test, and its pods are cleared away by the next one. */
export async function startWorld(
  t: TestContext,
  containerd: Containerd,
  { dataDir = join(containerd.directory, `data-${clusters++}`), args = [], nodes = 0 }: Partial<WorldOptions> = {},
): Promise<World> {
  const host = join(dataDir, 'host');
  mkdirSync(host, { recursive: true });
  const everynode = await up(t, { nodes, dataDir, args: [...containerd.upArguments, ...args] });
  const { kubectl } = everynode;
  const pod = (name: string) => kubectl.get<Stored<Pod>>('pod', name);
  return {
    everynode,
    dataDir,
    host,
    pod,
    async apply(...pods) {
      await kubectl.run(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
    },
    async status(name, container = 0) {
      const status = (await pod(name)).status?.containerStatuses?.[container];
      assert.ok(status !== undefined, `a status of container ${container}`);
      return status;
    },
    async events(name) {
      const { items } = await kubectl.get<KubernetesList<Event>>(
        'events',
        `--field-selector=involvedObject.name=${name}`,
      );
      return items.map(({ reason, message }) => `${reason}: ${message}`);
    },
  };
}

export interface WorldOptions {
  /** Of an earlier world, to go on where that one was. */
  readonly dataDir: string;
  readonly args: readonly string[];
  /** Simulated ones, beside this machine. */
  readonly nodes: number;
}

/** A pod for this machine. */
export function podOf(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 2,
      containers: [{ name: 'main', image: toolsImage, ...container }],
      ...spec,
    },
  };
}

export const shell = (script: string) => ['sh', '-c', script];
export const forEver = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
