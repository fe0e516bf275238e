// What every part of the agent is given: the API, the runtime, the machine.
import type { Pod, Stored } from '../../api/index.ts';
import type { ResizeState } from '../../core/pod/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import type { EventRecorder } from '../../machinery/index.ts';
import type { Cri } from '../cri/index.ts';
import type { CgroupVersion } from './cgroups.ts';
import type { ResolverConfig } from './dns.ts';
import type { ObjectReader } from './objects.ts';
import type { Paths } from './paths.ts';
import type { RuntimeReader } from './runtime.ts';

export interface MachineFacts {
  readonly hostIP: string;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly cgroups: CgroupVersion;
  /** The kernel enforces AppArmor's profiles. */
  readonly appArmor: boolean;
  readonly resolver: ResolverConfig;
  /** The host's /etc/hosts. */
  readonly hosts: string;
}

export interface NodeContext extends ControllerContext {
  readonly nodeName: string;
  readonly cri: Cri;
  readonly reader: RuntimeReader;
  readonly objects: ObjectReader;
  readonly paths: Paths;
  readonly machine: MachineFacts;
  /** Variables that every container gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly recorder: EventRecorder | undefined;
}

/** How a pod's life reaches the rest of the agent. */
export interface PodHost {
  /** Something happened: look at the pod soon. */
  wake(uid: string): void;
  /** Its status may be another now. */
  changed(uid: string): void;
  /** It asks for other resources than it was granted; undefined = it has them now. */
  grant(pod: Stored<Pod>): ResizeState | undefined;
}

export type TellPod = (pod: Stored<Pod>, type: 'Normal' | 'Warning', reason: string, message: string) => void;
