// The resources of an API server as they come and go: custom ones appear and vanish while controllers run.
import type { Resource } from '../api/index.ts';

export interface ServedResources {
  /** Every version of every resource whose objects can be listed and deleted. */
  all(): readonly Resource[];
  /** Calls back after every change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** A list that never changes. */
export function fixedResources(resources: readonly Resource[]): ServedResources {
  return { all: () => resources, subscribe: () => () => undefined };
}

/** One version of each: all of them show the same objects. The first is the one that discovery prefers. */
export function oneVersionEach(resources: readonly Resource[]): readonly Resource[] {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const key = `${resource.name}.${resource.group}`;
    if (!seen.has(key)) seen.set(key, resource);
  }
  return [...seen.values()];
}
