// Who we are at an API server, as long as we run: asked again when the answer may have changed, once for all who wait.
import type { Clock } from '../machinery/index.ts';
import type { TlsOptions } from './connector.ts';

/** Plugins and files are asked again after this time; plugins keep caches of their own for longer. */
const credentialsMsMax = 30_000;
/** …and after a refusal, of which a burst counts as one. */
const refusedMs = 1000;

export interface Snapshot {
  readonly tls: TlsOptions;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Says who we are, at this moment. */
export interface IdentitySource {
  /** @throws StatusError Unauthorized, or KubeconfigError, when there is no answer. */
  ask(): Promise<Snapshot>;
  /** The server refused the last answer: no cached one is good any more. */
  forget(): void;
}

export interface Identity {
  readonly tls: () => TlsOptions;
  readonly credentials: () => Promise<Snapshot['headers']>;
  /** What was sent last is not valid any more, whatever its expiry says. */
  readonly refused: () => void;
}

export async function followIdentity(source: IdentitySource, clock: Clock): Promise<Identity> {
  let current = await source.ask();
  let until = clock.now() + credentialsMsMax;
  let renewing: Promise<void> | undefined;
  let wasRefused = false;
  const renew = async () => {
    if (wasRefused) source.forget();
    const next = await source.ask();
    // The same object as long as nothing changed: connections go by that.
    const tls = JSON.stringify(next.tls) === JSON.stringify(current.tls) ? current.tls : next.tls;
    current = { ...next, tls };
    until = clock.now() + credentialsMsMax;
    wasRefused = false;
  };
  return {
    tls: () => current.tls,
    async credentials() {
      if (clock.now() >= until) await (renewing ??= renew().finally(() => (renewing = undefined)));
      return current.headers;
    },
    refused() {
      wasRefused = true;
      // Not at once for every refusal of a burst: the plugin may be slow, and wrong again.
      until = Math.min(until, clock.now() + refusedMs);
    },
  };
}
