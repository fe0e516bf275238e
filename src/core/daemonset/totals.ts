// What the slots of one DaemonSet come to: the counts of its status, which slots want something, and which may be
// replaced as the budget allows. An assessment is added, and taken out again before the next; each costs O(log n) at most.
import { Candidates } from './candidates.ts';
import type { Fleet } from './rollout.ts';
import type { Assessment, Slot, SlotState, Tally } from './slot.ts';
import type { WaveCounts } from './policy/stage.ts';
import { zoneOf } from './views.ts';

export interface Counts {
  readonly desired: number;
  readonly current: number;
  readonly ready: number;
  readonly available: number;
  readonly updated: number;
  readonly misscheduled: number;
  readonly blocking: number;
  readonly surging: number;
}

/** Why a pod of an older revision may go: it is not available anyway, it serves, or it should not be there. */
export type Candidacy = 'settling' | 'serving' | 'retirable';

export class Totals {
  readonly counts = {
    desired: 0,
    current: 0,
    ready: 0,
    available: 0,
    updated: 0,
    misscheduled: 0,
    blocking: 0,
    surging: 0,
  };
  readonly states = new Map<SlotState, number>();
  /** Slots with something to create or remove now, whatever the budget; oldest first. */
  readonly toCreate = new Set<Slot>();
  readonly toRemove = new Set<Slot>();
  /** By wave of the policy, if there is one. */
  readonly #waves: WaveTotals[] = [];
  readonly #candidates = { settling: new Candidates(), serving: new Candidates(), retirable: new Candidates() };
  readonly #busyInZone = new Map<string, number>();

  add(slot: Slot, assessment: Assessment): void {
    this.#apply(slot, assessment, 1);
  }

  /** With the node as it was when the assessment was added: its zone is part of it. */
  remove(slot: Slot, assessment: Assessment): void {
    this.#apply(slot, assessment, -1);
  }

  /** How many nodes wait to be replaced as the budget allows. */
  get outdated(): number {
    return this.#candidates.settling.size + this.#candidates.serving.size;
  }

  /** What a RolloutPolicy goes by; waves without nodes may be missing. */
  get waves(): readonly WaveCounts[] {
    return this.#waves;
  }

  get fleet(): Fleet {
    const { desired, blocking, surging, available } = this.counts;
    const { settling, retirable } = this.#candidates;
    return { desired, blocking, surging, available, settling: settling.size, retirable: retirable.size };
  }

  /** Names of the next nodes, from the zones that are least in flux. */
  first(kind: Candidacy, count: number): readonly string[] {
    return this.#candidates[kind].first(count, (zone) => this.#busyInZone.get(zone) ?? 0);
  }

  #apply(slot: Slot, assessment: Assessment, sign: 1 | -1): void {
    for (const key of tallied) if (assessment[key]) this.counts[key] += sign;
    bump(this.states, assessment.state, sign);
    if (assessment.desired && slot.wave !== undefined) this.#countInWave(slot.wave, assessment, sign);
    const zone = slot.node === undefined ? '' : zoneOf(slot.node);
    if (assessment.blocking || assessment.surging) bump(this.#busyInZone, zone, sign);
    const entering = sign === 1;
    if (assessment.create !== undefined) setMember(this.toCreate, slot, entering);
    if (assessment.removals.length > 0) setMember(this.toRemove, slot, entering);
    const candidacy = candidacyOf(assessment);
    if (candidacy === undefined) return;
    if (entering) this.#candidates[candidacy].add(zone, slot.name);
    else this.#candidates[candidacy].remove(zone, slot.name);
  }

  #countInWave(wave: number, assessment: Assessment, sign: 1 | -1): void {
    while (this.#waves.length <= wave) this.#waves.push({ nodes: 0, updated: 0, available: 0, pending: 0 });
    const counts = this.#waves[wave]!;
    counts.nodes += sign;
    if (assessment.updated) counts.updated += sign;
    if (assessment.available) counts.available += sign;
    if (isPending(assessment)) counts.pending += sign;
  }
}

type WaveTotals = { -readonly [K in keyof WaveCounts]: WaveCounts[K] };

/** Serves, and not with the newest revision; or does not serve, and no dead node is to blame. */
function isPending({ available, updated, blocking }: Assessment): boolean {
  return available ? !updated : blocking;
}

const tallied = [
  'desired',
  'current',
  'ready',
  'available',
  'updated',
  'misscheduled',
  'blocking',
  'surging',
] as const satisfies readonly (keyof Tally)[];

function candidacyOf(assessment: Assessment): Candidacy | undefined {
  if (assessment.retirable !== undefined) return 'retirable';
  if (assessment.replaceable === undefined) return undefined;
  return assessment.replaceableIsSettling === true ? 'settling' : 'serving';
}

function setMember<T>(set: Set<T>, entry: T, present: boolean): void {
  if (present) set.add(entry);
  else set.delete(entry);
}

/** Counts something; what comes to nothing is forgotten. */
export function bump<K>(counts: Map<K, number>, key: K, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
