// Addresses that look real and never clash: each simulated node has a number, and from it an address and a /24 for its
// pods. The number is kept in the Node object itself (spec.podCIDR), so that a restart hands out no address twice.

/** 10.128.0.0/9 holds this many /24s; number 0 is not used. */
export const simulatedNodesMax = 32_767;
const firstHost = 2;
const lastHost = 254;

export function podCidrOf(number: number): string {
  return `10.${128 + (number >> 8)}.${number & 255}.0/24`;
}

export function nodeAddressOf(number: number): string {
  return `172.${16 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
}

/** The number in a CIDR that podCidrOf made; undefined for any other. */
export function numberOfCidr(cidr: string | undefined): number | undefined {
  const match = /^10\.(\d+)\.(\d+)\.0\/24$/.exec(cidr ?? '');
  if (match === null) return undefined;
  const number = ((Number(match[1]) - 128) << 8) | Number(match[2]);
  return number > 0 && number <= simulatedNodesMax && podCidrOf(number) === cidr ? number : undefined;
}

/** Hands out node numbers, lowest free one first. */
export class NodeNumbers {
  readonly #taken = new Set<number>();
  #next = 1;

  reserve(number: number): void {
    this.#taken.add(number);
  }

  release(number: number): void {
    this.#taken.delete(number);
    this.#next = Math.min(this.#next, number);
  }

  /** Undefined when all are taken. */
  take(): number | undefined {
    while (this.#taken.has(this.#next)) this.#next++;
    if (this.#next > simulatedNodesMax) return undefined;
    this.#taken.add(this.#next);
    return this.#next++;
  }
}

/** Pod addresses of one node: each is used again as late as possible. */
export class PodAddresses {
  readonly #prefix: string;
  readonly #taken = new Set<number>();
  #cursor = firstHost;

  constructor(cidr: string) {
    this.#prefix = cidr.slice(0, cidr.lastIndexOf('.') + 1);
  }

  reserve(address: string): void {
    const host = this.#hostOf(address);
    if (host !== undefined) this.#taken.add(host);
  }

  release(address: string): void {
    const host = this.#hostOf(address);
    if (host !== undefined) this.#taken.delete(host);
  }

  /** Undefined when the node has no address left. */
  take(): string | undefined {
    for (let tries = firstHost; tries <= lastHost; tries++) {
      const host = this.#cursor;
      this.#cursor = host === lastHost ? firstHost : host + 1;
      if (this.#taken.has(host)) continue;
      this.#taken.add(host);
      return this.#prefix + host;
    }
    return undefined;
  }

  #hostOf(address: string): number | undefined {
    if (!address.startsWith(this.#prefix)) return undefined;
    const host = Number(address.slice(this.#prefix.length));
    return Number.isInteger(host) ? host : undefined;
  }
}
