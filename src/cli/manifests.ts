// Reads manifest files: YAML or JSON, one or many documents, Kubernetes Lists unfolded. Checks only what is needed to
// know which object is meant; everything else is the API server's to judge.
import { readFileSync } from 'node:fs';
import type { KubernetesObject } from '../api/index.ts';
import { Refusal } from './failure.ts';
import { parseYaml } from '../machinery/index.ts';

export interface Manifest extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Every object of the file, in order. Throws a Refusal that names the file and the document. */
export function readManifests(path: string): readonly Manifest[] {
  let documents: readonly unknown[];
  try {
    documents = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refusal(`${path}: ${code === 'ENOENT' ? 'no such file' : message}`, { cause: error });
  }
  const objects = documents.filter((document) => document !== null && document !== undefined).flatMap(unfold);
  if (objects.length === 0) throw new Refusal(`${path}: no Kubernetes object in it`);
  return objects.map((object, index) => asManifest(object, `${path}, object ${index + 1}`));
}

function unfold(document: unknown): readonly unknown[] {
  const { kind, items } = document as { kind?: unknown; items?: unknown };
  return kind === 'List' && Array.isArray(items) ? (items as readonly unknown[]) : [document];
}

function asManifest(value: unknown, where: string): Manifest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal(`${where}: not an object`);
  const { apiVersion, kind, metadata } = value as Partial<Manifest>;
  for (const [field, content] of Object.entries({ apiVersion, kind, 'metadata.name': metadata?.name })) {
    if (typeof content !== 'string' || content === '') throw new Refusal(`${where}: ${field} is missing`);
  }
  return value as Manifest;
}
