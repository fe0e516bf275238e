// From what stands in a manifest (apiVersion and kind) to the resource it is.
import { apiVersionOf, type Resource } from '../api/index.ts';
import type { ApiServer } from '../apiserver/index.ts';

export function findResource(table: ApiServer['resources'], apiVersion: string, kind: string): Resource | undefined {
  return table.all().find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
}
