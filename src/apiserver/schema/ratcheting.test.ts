// Objects that an older, less strict server let in: what is wrong with them stays theirs, and does not stop a change of
// something else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/index.ts';
import { prepare, validateUpdate } from './index.ts';
import { errorsOf } from './validation/pods.test-support.ts';

const key = 'apps/v1/DaemonSet';

function daemonSet(container: object, spec: object = {}, metadata: object = {}): KubernetesObject {
  const labels = { app: 'a' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i', ...container }] } };
  const body = { metadata: { name: 'a', ...metadata }, spec: { selector: { matchLabels: labels }, template, ...spec } };
  return prepare(key, body, { fieldValidation: 'Strict' }).object;
}

const update = (next: KubernetesObject, before: KubernetesObject) => errorsOf(() => validateUpdate(key, next, before));

test('a fault that was stored does not stop a change of something else', () => {
  const before = daemonSet({ imagePullPolicy: 'Sometimes' }, {}, { finalizers: ['not-qualified'] });
  const next = daemonSet({ imagePullPolicy: 'Sometimes' }, { minReadySeconds: 5 }, { finalizers: ['not-qualified'] });
  assert.deepEqual(update(next, before), []);
});

test('another fault in the same place, and a new one, are refused', () => {
  const before = daemonSet({ imagePullPolicy: 'Sometimes' });
  assert.deepEqual(update(daemonSet({ imagePullPolicy: 'Seldom', name: 'C' }), before), [
    "spec.template.spec.containers[0].name: Invalid value: \"C\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "Seldom": supported values: "Always", "IfNotPresent", "Never"',
  ]);
});

test('what may not change is refused, whatever was stored', () => {
  const before = daemonSet({ imagePullPolicy: 'Sometimes' });
  const other = { app: 'b' };
  const spec = {
    selector: { matchLabels: other },
    template: { metadata: { labels: other }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  };
  const next = daemonSet({}, spec);
  assert.deepEqual(update(next, before), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
  ]);
});
