import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod, PodSecurityContext, SecurityContext } from '../../api/index.ts';
import { NamespaceMode, SecurityProfileType } from '../cri/index.ts';
import { commonUser, containerSecurity, hasPrivileged, namespaceOptions } from './security.ts';

const rootImage = { uid: 0, username: '' };
const podOf = (securityContext: SecurityContext, shared: PodSecurityContext = {}): Pod => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: { containers: [{ name: 'c', securityContext }], securityContext: shared },
});
const secured = (
  own: SecurityContext,
  shared: PodSecurityContext = {},
  image: { uid: number | undefined; username: string } = rootImage,
) => {
  const pod = podOf(own, shared);
  return containerSecurity(pod, pod.spec.containers[0]!, { image, seccompProfiles: '/r/seccomp' });
};

test('users: the container over its pod over the image; groups of the pod are supplementary', () => {
  assert.deepEqual(secured({}).runAsUser, { value: 0n });
  assert.deepEqual(secured({}, {}, { uid: undefined, username: 'nobody' }).runAsUsername, 'nobody');
  const both = secured({ runAsUser: 7 }, { runAsUser: 5, runAsGroup: 6, fsGroup: 8, supplementalGroups: [9] });
  assert.deepEqual([both.runAsUser, both.runAsGroup], [{ value: 7n }, { value: 6n }]);
  assert.deepEqual(both.supplementalGroups, [8n, 9n]);
});

test('an image that names nobody runs as root, so that a group alone can be asked for', () => {
  const { runAsUser, runAsGroup } = secured({ runAsGroup: 3000 }, {}, { uid: undefined, username: '' });
  assert.deepEqual([runAsUser, runAsGroup], [{ value: 0n }, { value: 3000n }]);
});

test('the user of a whole pod is the one that all of its containers have', () => {
  assert.equal(commonUser(podOf({ runAsUser: 7 })), 7);
  assert.equal(commonUser(podOf({}, { runAsUser: 7 })), 7);
  assert.equal(commonUser(podOf({})), undefined);
  const { metadata, spec } = podOf({}, { runAsUser: 7 });
  const other = { name: 'i', securityContext: { runAsUser: 8 } };
  assert.equal(commonUser({ metadata, spec: { ...spec, initContainers: [other] } }), undefined);
});

describe('runAsNonRoot', () => {
  const where = '(pod: "p_ns(u)", container: c)';
  for (const [what, own, image, message] of [
    ['an image of root', {}, rootImage, `container has runAsNonRoot and image will run as root ${where}`],
    ['a user that is root', { runAsUser: 0 }, rootImage, `container's runAsUser breaks non-root policy ${where}`],
    [
      'an image with a name for its user',
      {},
      { uid: undefined, username: 'web' },
      `container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root ${where}`,
    ],
  ] as const)
    test(`refuses ${what}`, () =>
      assert.throws(() => secured({ ...own, runAsNonRoot: true }, {}, image), { name: 'ConfigError', message }));

  test('takes a user with a number', () => {
    assert.deepEqual(secured({ runAsNonRoot: true }, {}, { uid: 5, username: '' }).runAsUser, { value: 5n });
    assert.deepEqual(secured({ runAsUser: 3 }, { runAsNonRoot: true }).runAsUser, { value: 3n });
  });
});

test('a privileged container sees all of /proc, without seccomp, in a privileged sandbox', () => {
  const pod = podOf({ privileged: true, seccompProfile: { type: 'RuntimeDefault' } });
  const security = containerSecurity(pod, pod.spec.containers[0]!, { image: rootImage, seccompProfiles: '' });
  assert.deepEqual([security.privileged, security.maskedPaths], [true, undefined]);
  assert.equal(security.seccomp?.profileType, SecurityProfileType.Unconfined);
  assert.equal(hasPrivileged(pod), true);
});

test('an ordinary one does not, and seccomp is what it asks for', () => {
  const security = secured({}, { seccompProfile: { type: 'RuntimeDefault' } });
  assert.ok(security.maskedPaths?.includes('/proc/kcore'));
  assert.ok(security.readonlyPaths?.includes('/proc/sys'));
  assert.equal(security.seccomp?.profileType, SecurityProfileType.RuntimeDefault);
  const local = secured({ seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' } }).seccomp;
  assert.equal(local?.localhostRef, '/r/seccomp/a/b.json');
  const armoured = secured({ appArmorProfile: { type: 'Localhost', localhostProfile: 'mine' } }).apparmor;
  assert.deepEqual(armoured, { profileType: SecurityProfileType.Localhost, localhostRef: 'mine' });
  const labelled = secured({ seLinuxOptions: { level: 's0:c1' } }, { seLinuxOptions: { type: 't' } });
  assert.deepEqual([labelled.selinuxOptions, secured({}).selinuxOptions], [{ level: 's0:c1' }, undefined]);
  assert.equal(secured({ allowPrivilegeEscalation: false }).noNewPrivs, true);
  assert.deepEqual(secured({ capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } }).capabilities, {
    addCapabilities: ['NET_ADMIN'],
    dropCapabilities: ['ALL'],
  });
});

test('namespaces: of the host where the pod says so, else its own; processes are each container’s own', () => {
  const pod = podOf({});
  assert.deepEqual(namespaceOptions(pod), {
    network: NamespaceMode.POD,
    pid: NamespaceMode.CONTAINER,
    ipc: NamespaceMode.POD,
  });
  const host = { ...pod, spec: { ...pod.spec, hostNetwork: true, hostPID: true, hostIPC: true } };
  assert.deepEqual(new Set(Object.values(namespaceOptions(host))), new Set([NamespaceMode.NODE]));
  assert.equal(namespaceOptions({ ...pod, spec: { ...pod.spec, shareProcessNamespace: true } }).pid, NamespaceMode.POD);
});
