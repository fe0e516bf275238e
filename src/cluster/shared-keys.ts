// Several API servers on one etcd are one cluster only if they have the same keys: otherwise each refuses the
// certificates and tokens of the other, now and then, depending on whom a client asks. The first server leaves the
// fingerprints of its keys in the store, and every later one with other keys does not start.
import { keyFingerprint } from '../pki/index.ts';
import { RevisionMismatchError, type Store } from '../store/index.ts';
import type { ClusterCertificates } from './certificates.ts';
import { ClusterStartError } from './start-error.ts';

/** No resource is stored under this: those with a hyphen have a dot as well. */
const key = 'everynode-cluster/keys';

/** Throws ClusterStartError, which says what to do, when the store belongs to a cluster with other keys. */
export async function claimWithKeys(
  store: Store,
  { authority, serviceAccountKey }: ClusterCertificates,
  pkiPath: string,
): Promise<void> {
  const mine = {
    authority: keyFingerprint(authority.certificate),
    serviceAccountKey: keyFingerprint(serviceAccountKey),
  };
  const entry = (await store.get(key)) ?? (await claim(store, mine));
  if (entry === undefined) return;
  const names = ['authority', 'serviceAccountKey'] as const;
  if (names.every((name) => entry.value[name] === mine[name])) return;
  throw new ClusterStartError(
    `this etcd holds a cluster with other keys than those in ${pkiPath}: copy that folder from a machine that serves ` +
      `the cluster, or give this cluster a place of its own (--etcd-prefix); if the keys are lost, delete etcd's key ` +
      `that ends in "${key}", and every kubeconfig and token of the cluster is void`,
  );
}

/** Undefined when these keys are the first; what stands there, when another server was faster. */
async function claim(store: Store, mine: Readonly<Record<string, string>>) {
  try {
    await store.put(key, mine, 0);
    return undefined;
  } catch (error) {
    if (!(error instanceof RevisionMismatchError)) throw error;
    return store.get(key);
  }
}
