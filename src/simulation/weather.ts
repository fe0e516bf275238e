// How bad the network is: rates of faults per request, and how late watches are. `calm` is what liveness is judged in.

export interface Weather {
  /** A request and its answer take up to this long, each. */
  readonly latencyMsMax: number;
  /** A watch event comes up to this late. */
  readonly watchDelayMsMax: number;
  /** Chances per request. */
  readonly throttled: number;
  readonly conflict: number;
  readonly serverError: number;
  /** The request is lost; the caller sees a timeout. */
  readonly requestLost: number;
  /** The write takes effect; the caller sees a timeout. */
  readonly responseLost: number;
  /** A list is served from an older version. */
  readonly staleList: number;
  /** The same, but only to who has seen a newer one, and not for ever: which shows, and must not be taken for news. */
  readonly staleRelist?: number;
}

export const calm: Weather = {
  latencyMsMax: 5,
  watchDelayMsMax: 5,
  throttled: 0,
  conflict: 0,
  serverError: 0,
  requestLost: 0,
  responseLost: 0,
  staleList: 0,
};

export type Fault = Exclude<keyof Weather, 'latencyMsMax' | 'watchDelayMsMax' | 'staleRelist'>;

/** What the weather and the operators do to the API server, for all that talk to it. */
export interface Conditions {
  weather: Weather;
  /** The API server is not there until then. */
  downUntil: number;
  /** Requests of a process (by name), or only those about leases (`name leases`), get nowhere until then. */
  readonly isolatedUntil: Map<string, number>;
  /** Watches of a resource (by plural) deliver nothing until then, though they are open. */
  readonly stalledUntil: Map<string, number>;
}

export function calmConditions(): Conditions {
  return { weather: calm, downUntil: 0, isolatedUntil: new Map(), stalledUntil: new Map() };
}
