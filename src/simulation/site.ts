// What the two modes of the simulator differ in: an API server with everything around it but the DaemonSet controller.
// The world (world.ts), what happens in it and what must hold there know only this.
import type { Client } from '../client/index.ts';
import type { Random, VirtualClock } from '../machinery/index.ts';
import type { Archive, Change } from './archive.ts';
import type { Network } from './network.ts';
import type { LineOptions, Monitor, Request } from './requests.ts';
import type { Conditions } from './weather.ts';

export type TroubleKind = 'down' | 'stuck' | 'slow' | 'failing' | 'unready';

/** Nodes, as those who run them see them. What makes no sense any more (the node has left) does nothing. */
export interface Nodes {
  join(name: string, labels: Readonly<Record<string, string>>): Promise<void> | void;
  leave(name: string): Promise<void> | void;
  trouble(name: string, kind: TroubleKind, forMs: number): Promise<void> | void;
  /** The node's running pods are taken off it for good. */
  evict(name: string): Promise<void> | void;
  /** Ends every trouble. */
  heal(): Promise<void> | void;
}

/** What users do: at once, and never in bad weather. */
export type Hands = Pick<Client, 'create' | 'update' | 'delete'>;

export interface Site {
  readonly archive: Archive;
  readonly user: Hands;
  readonly nodes: Nodes;
  /** Resolves when controllers can be connected. */
  start(): Promise<void>;
  /** The API server knows rollout policies from here on, if it did not before. */
  definePolicies(): Promise<void>;
  /** A controller's way to the API server. */
  connect(line: Omit<LineOptions, 'clock' | 'conditions' | 'monitor'>): Network;
  /** The machine that the cluster's parts run on has its clock set to this much from the truth. */
  setClock(offsetMs: number): void;
  /** What that clock says. */
  now(): number;
  /** The API server forgets its history. */
  compact(): Promise<void> | void;
  /** The API server is away for so long; open watches have broken already. */
  restart(forMs: number): Promise<void> | void;
  /** How much longer the API server is away for users too; 0 when it is there. */
  readonly awayMs: number;
  /** Something has changed that others' components may want to act on. */
  stir(): void;
  /** What went wrong beside the controllers, if anything has. */
  readonly failure: unknown;
  /** Writes that a settled cluster makes none of. */
  readonly writes: number;
  stop(): Promise<void>;
}

export interface SiteContext {
  readonly clock: VirtualClock;
  /** A source of chance for one purpose, the same in every run of the history. */
  readonly random: (purpose: string) => Random;
  readonly conditions: Conditions;
  readonly monitor: Monitor;
  readonly say: (line: string) => void;
  /** Something that must hold does not. */
  readonly violate: (invariant: string, what: string) => void;
  /** Just before a controller's request changes anything. */
  readonly effect: (request: Request) => void;
  /** Something has changed; by a controller's request, if there is one. */
  readonly committed: (change: Change, request: Request | undefined) => void;
}
