// Security contexts of pods and containers in the runtime's terms (kubelet's kuberuntime security_context). Pure.
import { join } from 'node:path';
import type { AppArmorProfile, Container, Pod, SeccompProfile, SELinuxOptions } from '../../api/index.ts';
import { ConfigError } from '../../core/pod/index.ts';
import { type ContainerSecurity, NamespaceMode, type SeccompConfig, SecurityProfileType } from '../cri/index.ts';

/** What /proc and /sys hide from containers that are not privileged (securitycontext.ConvertToRuntimeMaskedPaths). */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** What a container's security is worked out from, beside its pod. */
export interface SecurityFacts {
  readonly image: ImageUser;
  /** Where the profiles of this machine lie (kubelet: its seccomp folder). */
  readonly seccompProfiles: string;
  /** A container whose processes this one sees. */
  readonly targetId?: string;
}

export interface ImageUser {
  readonly uid: number | undefined;
  /** '' when the image names none. */
  readonly username: string;
}

export function namespaceOptions({ spec }: Pod) {
  return {
    network: spec.hostNetwork === true ? NamespaceMode.NODE : NamespaceMode.POD,
    pid:
      spec.hostPID === true
        ? NamespaceMode.NODE
        : spec.shareProcessNamespace === true
          ? NamespaceMode.POD
          : NamespaceMode.CONTAINER,
    ipc: spec.hostIPC === true ? NamespaceMode.NODE : NamespaceMode.POD,
  };
}

function sharedProcesses(targetId: string | undefined) {
  return targetId === undefined ? {} : { pid: NamespaceMode.TARGET, targetId };
}

/** The sandbox must be privileged for a privileged container to be. */
export function hasPrivileged({ spec }: Pod): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])].some(
    ({ securityContext }) => securityContext?.privileged === true,
  );
}

/** @throws ConfigError when the container must not run as root and would. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  { image, seccompProfiles, targetId }: SecurityFacts,
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true) refuseRoot(pod, container, user, image);
  const { fsGroup, supplementalGroups = [] } = shared;
  const privileged = own.privileged === true;
  return {
    privileged,
    namespaceOptions: { ...namespaceOptions(pod), ...sharedProcesses(targetId) },
    ...(user === undefined ? imageUser(image) : { runAsUser: { value: BigInt(user) } }),
    ...(group === undefined ? {} : { runAsGroup: { value: BigInt(group) } }),
    supplementalGroups: [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups].map(BigInt),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    // allowPrivilegeEscalation is forced by what implies it (securitycontext.AddNoNewPrivileges).
    noNewPrivs: own.allowPrivilegeEscalation === false,
    capabilities: {
      addCapabilities: [...(own.capabilities?.add ?? [])],
      dropCapabilities: [...(own.capabilities?.drop ?? [])],
    },
    seccomp: seccomp(privileged ? undefined : (own.seccompProfile ?? shared.seccompProfile), seccompProfiles),
    ...selinux(own.seLinuxOptions ?? shared.seLinuxOptions),
    ...apparmor(privileged ? undefined : (own.appArmorProfile ?? shared.appArmorProfile)),
    ...(privileged || own.procMount === 'Unmasked' ? {} : { maskedPaths, readonlyPaths }),
  };
}

/** An image that names nobody runs as root: said, since a group counts only beside a user. */
function imageUser({ uid, username }: ImageUser): Pick<ContainerSecurity, 'runAsUser' | 'runAsUsername'> {
  return uid === undefined && username !== ''
    ? { runAsUsername: username }
    : { runAsUser: { value: BigInt(uid ?? 0) } };
}

/** The user that all containers of a pod run as, by its spec; undefined when they differ or it does not say. */
export function commonUser({ spec }: Pod): number | undefined {
  const { initContainers = [], containers, ephemeralContainers = [], securityContext } = spec;
  const users = new Set(
    [...initContainers, ...containers, ...ephemeralContainers].map(
      (container) => container.securityContext?.runAsUser ?? securityContext?.runAsUser,
    ),
  );
  return users.size === 1 ? [...users][0] : undefined;
}

/** Unconfined unless asked for: the kubelet's default too (--seccomp-default is off). */
function seccomp(profile: SeccompProfile | undefined, profiles: string): SeccompConfig {
  if (profile?.type === 'RuntimeDefault') return { profileType: SecurityProfileType.RuntimeDefault };
  if (profile?.type === 'Localhost')
    return { profileType: SecurityProfileType.Localhost, localhostRef: join(profiles, profile.localhostProfile ?? '') };
  return { profileType: SecurityProfileType.Unconfined };
}

/** Without a word the runtime chooses a label, where the kernel has SELinux. */
export function selinux(options: SELinuxOptions | undefined): Pick<ContainerSecurity, 'selinuxOptions'> {
  return options === undefined ? {} : { selinuxOptions: { ...options } };
}

/** Without a word the runtime applies its own profile, where the kernel has AppArmor. */
function apparmor(profile: AppArmorProfile | undefined): Pick<ContainerSecurity, 'apparmor'> {
  if (profile === undefined) return {};
  if (profile.type === 'Localhost')
    return { apparmor: { profileType: SecurityProfileType.Localhost, localhostRef: profile.localhostProfile ?? '' } };
  const { RuntimeDefault, Unconfined } = SecurityProfileType;
  return { apparmor: { profileType: profile.type === 'RuntimeDefault' ? RuntimeDefault : Unconfined } };
}

function refuseRoot(pod: Pod, { name }: Container, user: number | undefined, image: ImageUser): void {
  const { metadata } = pod;
  const where = `(pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", container: ${name})`;
  if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (user !== undefined) return;
  if (image.uid === undefined && image.username !== '')
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  if ((image.uid ?? 0) === 0) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}
