// The Lease that a leader election is about.
import { resources } from '../api/index.ts';
import type { LeaseLock } from '../machinery/index.ts';
import type { Client } from './client.ts';

export function leaseLock(client: Client, namespace: string, name: string): LeaseLock {
  return {
    namespace,
    name,
    get: (signal) => client.get(resources.leases, namespace, name, { signal }),
    create: (lease, signal) => client.create(resources.leases, lease, { signal }),
    update: (lease, signal) => client.update(resources.leases, lease, { signal }),
  };
}
