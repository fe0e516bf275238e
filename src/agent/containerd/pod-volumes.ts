// The volumes of one pod over its life: made before its first container, kept current while it runs. Taking them away is
// pod-traces.ts.
import type { Pod, Stored } from '../../api/index.ts';
import { describeFailure } from '../cri/index.ts';
import type { NodeContext, TellPod } from './context.ts';
import { VolumeError } from './volumes/host-path.ts';
import { changesWhileRunning, setUpVolumes, type VolumePaths } from './volumes/set-up.ts';

/** Files of configMaps and their kin follow their objects within this time. */
const volumeRefreshMs = 10_000;

/** Why no container can start yet: an event's reason and message. */
export interface SetUpTrouble {
  readonly reason: string;
  readonly message: string;
}

export interface VolumeRefresh {
  readonly trouble?: SetUpTrouble;
  /** When to come again. */
  readonly againMs?: number;
}

export class PodVolumes {
  readonly #context: NodeContext;
  readonly #tell: TellPod;
  #paths: VolumePaths | undefined;
  #refreshedMs = 0;

  constructor(context: NodeContext, tell: TellPod) {
    this.#context = context;
    this.#tell = tell;
  }

  /** Where they lie on the host; none before the first refresh. */
  get paths(): VolumePaths {
    return this.#paths ?? new Map();
  }

  /** @param starting a container is about to start: then everything must be there. */
  async refresh(
    pod: Stored<Pod>,
    podIP: string | undefined,
    starting: boolean,
    signal: AbortSignal,
  ): Promise<VolumeRefresh> {
    const now = this.#context.clock.now();
    const changing = changesWhileRunning(pod);
    const dueMs = this.#refreshedMs + volumeRefreshMs - now;
    // An adopted pod has what an earlier run of the agent made, and what changes is looked after from now on.
    const due = this.#paths === undefined ? starting || changing : changing && (dueMs <= 0 || starting);
    if (!due) return changing ? { againMs: dueMs } : {};
    try {
      this.#paths = await this.#setUp(pod, podIP, signal);
      this.#refreshedMs = now;
      return changing ? { againMs: volumeRefreshMs } : {};
    } catch (error) {
      if (signal.aborted) throw error;
      const message =
        error instanceof VolumeError ? error.message : `MountVolume.SetUp failed: ${describeFailure(error)}`;
      if (starting) return { trouble: { reason: 'FailedMount', message } };
      // A running pod keeps the files that it has.
      this.#refreshedMs = now;
      this.#tell(pod, 'Warning', 'FailedMount', message);
      return { againMs: volumeRefreshMs };
    }
  }

  async #setUp(pod: Stored<Pod>, podIP: string | undefined, signal: AbortSignal): Promise<VolumePaths> {
    const { objects, paths, machine } = this.#context;
    return await setUpVolumes({
      pod,
      paths,
      sources: await objects.sourcesFor(pod, signal),
      tokenFor: (audience, expirationSeconds) => objects.tokenFor(pod, audience, expirationSeconds, signal),
      hostIP: machine.hostIP,
      podIP,
      allocatable: machine.allocatable,
      signal,
    });
  }
}
