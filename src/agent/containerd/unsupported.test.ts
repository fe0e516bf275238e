import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../../api/index.ts';
import { refuseUnsupported } from './unsupported.ts';

const refused = (spec: Partial<PodSpec>, appArmor = false) => {
  const rejection = refuseUnsupported({ metadata: {}, spec: { containers: [{ name: 'c' }], ...spec } }, { appArmor });
  return rejection === undefined ? undefined : `${rejection.reason}: ${rejection.message}`;
};
const sysctl = (name: string, spec: Partial<PodSpec> = {}) =>
  refused({ ...spec, securityContext: { sysctls: [{ name, value: '1' }] } });

test('a pod that would be less confined than it asked for is rejected', () => {
  assert.equal(refused({}), undefined);
  assert.match(
    refused({ securityContext: { supplementalGroupsPolicy: 'Strict' } }) ?? '',
    /^SupplementalGroupsPolicyNot/,
  );
  assert.equal(refused({ securityContext: { supplementalGroupsPolicy: 'Merge' } }), undefined);
  const confined = (type: string): Partial<PodSpec> => ({
    containers: [{ name: 'c', securityContext: { appArmorProfile: { type } } }],
  });
  assert.equal(
    refused(confined('RuntimeDefault')),
    'AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host',
  );
  assert.equal(refused(confined('RuntimeDefault'), true), undefined);
  assert.equal(refused(confined('Unconfined')), undefined);
});

test('so is one that would turn what belongs to all of the machine', () => {
  assert.equal(sysctl('net.ipv4.ip_unprivileged_port_start'), undefined);
  assert.equal(sysctl('kernel.msgmax'), 'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted');
  assert.equal(
    sysctl('net/ipv4/tcp_syncookies', { hostNetwork: true }),
    'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled',
  );
  assert.match(sysctl('kernel.shm_rmid_forced', { hostIPC: true }) ?? '', /host ipc enabled$/);
});
