// A node's lease, kept fresh: patched, or made when it is not there.
import { isReason, type Lease, resources } from '../api/index.ts';
import type { Client } from '../client/index.ts';

/** @param exists what the caller believes; when it is wrong, the other way is tried at once. */
export async function renewLease(client: Client, lease: Lease, exists: boolean, signal: AbortSignal): Promise<void> {
  const { name = '', namespace } = lease.metadata;
  const patch = () => client.patch(resources.leases, namespace, name, 'merge', { spec: lease.spec }, { signal });
  const create = () => client.create(resources.leases, lease, { signal });
  try {
    await (exists ? patch() : create());
  } catch (error) {
    if (!isReason(error, 'AlreadyExists', 'NotFound')) throw error;
    // Made by an earlier run of this process, or deleted by somebody. Should that fail too (no such namespace), the
    // caller's back-off paces the tries.
    await (isReason(error, 'AlreadyExists') ? patch() : create());
  }
}
