// For the tests of this folder: a pod that is fine, changed in one place, and what a rule says of it.
import assert from 'node:assert/strict';
import { type KubernetesObject, StatusError } from '../../../api/index.ts';
import { prepare } from '../index.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function pod(spec: Fields, container: Fields = {}): KubernetesObject {
  const body = {
    metadata: { name: 'x', namespace: 'd' },
    spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
  };
  return prepare('v1/Pod', body, { fieldValidation: 'Strict' }).object;
}

/** `field: message` of each cause; empty when it is accepted. */
export function errorsOf(action: () => void): readonly string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    assert.equal(error.reason, 'Invalid');
    return error.details?.causes?.map((cause) => `${cause.field}: ${cause.message}`) ?? [];
  }
}

/** The pod's spec, the errors it must get, the fields of its only container. */
export type Row = readonly [why: string, spec: Fields, errors: readonly string[], container?: Fields];
