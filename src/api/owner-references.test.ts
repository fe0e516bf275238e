import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerOf, controllerReference } from './owner-references.ts';
import { daemonSets, pods } from './resource.ts';

test('the controller is the one owner that says so', () => {
  const other = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' };
  const controller = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: '2', controller: true };
  assert.equal(controllerOf({ ownerReferences: [other, controller] }), controller);
  assert.equal(controllerOf({ ownerReferences: [other, { ...other, controller: false }] }), undefined);
  assert.equal(controllerOf({}), undefined);
});

test('a controller marks what it makes so that deleting waits for it (metav1.NewControllerRef)', () => {
  assert.deepEqual(controllerReference(daemonSets, { metadata: { name: 'd', uid: '2' } }), {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    name: 'd',
    uid: '2',
    controller: true,
    blockOwnerDeletion: true,
  });
  assert.equal(controllerReference(pods, { metadata: {} }).apiVersion, 'v1');
});
