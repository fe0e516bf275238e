// Who we are at an API server, as long as we run: what a kubeconfig's user says, read and asked again when it may have
// changed. Files are read and plugins run by the official client's loader.
import type { RequestOptions as HttpsOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { StatusError } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { TlsOptions } from './connector.ts';

/** Plugins and files are asked again after this time; plugins keep caches of their own for longer. */
const credentialsMsMax = 30_000;
/** …and after a refusal, of which a burst counts as one. */
const refusedMs = 1000;

export interface Identity {
  readonly tls: () => TlsOptions;
  readonly credentials: () => Promise<Readonly<Record<string, string>>>;
  /** What was sent last is not valid any more, whatever its expiry says. */
  readonly refused: () => void;
}

/** Reads files and runs plugins again when their answer is old, once for all who wait for it. */
export async function followIdentity(load: () => Promise<KubeConfig>, clock: Clock): Promise<Identity> {
  let config = await load();
  let current = await ask(config);
  let until = clock.now() + credentialsMsMax;
  let renewing: Promise<void> | undefined;
  let wasRefused = false;
  const renew = async () => {
    // A plugin's answer without an expiry is good until it is refused; a copy has not heard it.
    if (wasRefused) config = await load();
    const next = await ask(config);
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

/** Runs exec plugins and reads files as the configuration asks. */
async function ask(config: KubeConfig) {
  const options: HttpsOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { message } = error as Error;
    throw new StatusError('Unauthorized', `no credentials: ${message.trim()}`, undefined, { cause: error });
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls: TlsOptions = {
    ...text('ca', ca),
    ...text('certificate', cert),
    ...text('key', key),
    ...(servername === undefined ? {} : { serverName: servername }),
    insecure: rejectUnauthorized === false,
  };
  return { tls, headers: headersOf(options) };
}

function headersOf({ headers, auth }: HttpsOptions): Readonly<Record<string, string>> {
  const given = Object.entries((headers ?? {}) as Readonly<Record<string, unknown>>).map(([name, value]) => [
    name.toLowerCase(),
    String(value).trim(),
  ]);
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...basic, ...Object.fromEntries(given) };
}

function text<K extends string>(name: K, value: unknown): { readonly [P in K]?: string } {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return {};
  return { [name]: value.toString() } as { readonly [P in K]: string };
}
