// Where an event recorder writes to.
import { resources } from '../api/index.ts';
import type { EventSink } from '../machinery/index.ts';
import type { Client } from './client.ts';

export function eventSink(client: Client): EventSink {
  return {
    create: (event, signal) => client.create(resources.events, event, { signal }),
    patch: (namespace, name, patch, signal) =>
      client.patch(resources.events, namespace, name, 'merge', patch, { signal }),
  };
}
