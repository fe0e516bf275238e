// What a pod may ask for and this node does not give it: such a pod is rejected when the node first sees it, rather than
// run with less protection than it asked for (kubelet's admit handlers). Pure.
import type { AppArmorProfile, Pod } from '../../api/index.ts';
import type { Rejection } from '../../core/pod/index.ts';
import type { MachineFacts } from './context.ts';

/** Each has a namespace of its own, and does no harm outside it (kubelet: sysctl/safe_sysctls.go). */
const safeSysctls: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

export function refuseUnsupported(pod: Pod, { appArmor }: Pick<MachineFacts, 'appArmor'>): Rejection | undefined {
  const { securityContext: security = {} } = pod.spec;
  if (security.supplementalGroupsPolicy === 'Strict')
    return {
      reason: 'SupplementalGroupsPolicyNotSupported',
      message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
    };
  if (!appArmor && appArmorProfiles(pod).some(({ type }) => type !== 'Unconfined'))
    return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
  for (const { name } of security.sysctls ?? []) {
    const fault = sysctlFault(name.replaceAll('/', '.'), pod);
    if (fault !== undefined) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${fault}` };
  }
  return undefined;
}

function appArmorProfiles({ spec }: Pod): readonly AppArmorProfile[] {
  return [spec, ...(spec.initContainers ?? []), ...spec.containers].flatMap(
    ({ securityContext }) => securityContext?.appArmorProfile ?? [],
  );
}

function sysctlFault(name: string, { spec }: Pod): string | undefined {
  if (!safeSysctls.has(name)) return `"${name}" not allowlisted`;
  const [isIpc, isNet] = [name.startsWith('kernel.'), name.startsWith('net.')];
  if (isIpc && spec.hostIPC === true) return `"${name}" not allowed with host ipc enabled`;
  return isNet && spec.hostNetwork === true ? `"${name}" not allowed with host net enabled` : undefined;
}
