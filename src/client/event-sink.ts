// Where an event recorder writes to.
import { resources } from '../api/index.ts';
import type { EventSink } from '../machinery/index.ts';
import type { Client } from './client.ts';

export function eventSink(client: Client): EventSink {
  return {
    create: (event) => client.create(resources.events, event),
    patch: (namespace, name, patch) => client.patch(resources.events, namespace, name, 'merge', patch),
  };
}
