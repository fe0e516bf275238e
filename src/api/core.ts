// Pods, nodes and their kin (core/v1, coordination.k8s.io/v1): the fields this house reads or writes.
import type { Condition, KubernetesObject, LabelSelector, ObjectMeta, Timestamp } from './meta.ts';
import type {
  EnvFromSource,
  EnvVar,
  Handler,
  HostAlias,
  PodDnsConfig,
  PodSecurityContext,
  Probe,
  SecurityContext,
  Volume,
  VolumeMount,
} from './pod-spec.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  /** NoSchedule | PreferNoSchedule | NoExecute */
  readonly effect: string;
  readonly timeAdded?: Timestamp;
}

export interface Toleration {
  /** Empty or absent with operator Exists: every key. */
  readonly key?: string;
  /** Exists | Equal (the default) */
  readonly operator?: string;
  readonly value?: string;
  /** Empty or absent: every effect. */
  readonly effect?: string;
  /** Only with NoExecute: how long the taint is tolerated; absent = forever. */
  readonly tolerationSeconds?: number;
}

export interface NodeSelectorRequirement {
  readonly key: string;
  /** In | NotIn | Exists | DoesNotExist | Gt | Lt */
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

export interface NodeSelector {
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
}

export interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly unknown[];
}

export interface Affinity {
  readonly nodeAffinity?: NodeAffinity;
  readonly podAffinity?: unknown;
  readonly podAntiAffinity?: unknown;
}

export interface ResourceRequirements {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface ContainerResizePolicy {
  /** cpu | memory */
  readonly resourceName: string;
  /** NotRequired | RestartContainer */
  readonly restartPolicy: string;
}

export interface ContainerRestartRule {
  /** Restart */
  readonly action: string;
  readonly exitCodes?: {
    /** In | NotIn */
    readonly operator: string;
    readonly values?: readonly number[];
  };
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly hostIP?: string;
  readonly protocol?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly resources?: ResourceRequirements;
  readonly resizePolicy?: readonly ContainerResizePolicy[];
  readonly ports?: readonly ContainerPort[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly workingDir?: string;
  /** Always | IfNotPresent | Never */
  readonly imagePullPolicy?: string;
  readonly securityContext?: SecurityContext;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: Handler; readonly preStop?: Handler };
  readonly terminationMessagePath?: string;
  /** File | FallbackToLogsOnError */
  readonly terminationMessagePolicy?: string;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
  /** Of this container, in place of its pod's. On an init container, Always makes it a sidecar. */
  readonly restartPolicy?: string;
  /** Before its restart policy, for single exit codes. */
  readonly restartPolicyRules?: readonly ContainerRestartRule[];
}

/** Added to a pod that runs, to look into it (kubectl debug); runs once. */
export interface EphemeralContainer extends Container {
  /** Whose processes it sees. */
  readonly targetContainerName?: string;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly EphemeralContainer[];
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
  readonly tolerations?: readonly Toleration[];
  readonly hostNetwork?: boolean;
  readonly schedulerName?: string;
  readonly priority?: number;
  readonly priorityClassName?: string;
  /** PreemptLowerPriority | Never */
  readonly preemptionPolicy?: string;
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly activeDeadlineSeconds?: number;
  readonly overhead?: Readonly<Record<string, string>>;
  readonly volumes?: readonly Volume[];
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  /** false: in a user namespace of its own. */
  readonly hostUsers?: boolean;
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly setHostnameAsFQDN?: boolean;
  readonly hostnameOverride?: string;
  readonly shareProcessNamespace?: boolean;
  readonly securityContext?: PodSecurityContext;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  /** ClusterFirst | ClusterFirstWithHostNet | Default | None */
  readonly dnsPolicy?: string;
  readonly dnsConfig?: PodDnsConfig;
  readonly hostAliases?: readonly HostAlias[];
  readonly runtimeClassName?: string;
  readonly enableServiceLinks?: boolean;
  readonly schedulingGates?: readonly { readonly name: string }[];
  /** Conditions that others set, and that must be True for the pod to be Ready. */
  readonly readinessGates?: readonly { readonly conditionType: string }[];
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: Timestamp };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: Timestamp;
    readonly finishedAt?: Timestamp;
    /** `containerd://…`: not of a container that was never made. */
    readonly containerID?: string;
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  readonly containerID?: string;
  /** The requests that the node has granted. */
  readonly allocatedResources?: Readonly<Record<string, string>>;
  /** What it runs with. */
  readonly resources?: ResourceRequirements;
}

export interface PodStatus {
  /** Pending | Running | Succeeded | Failed | Unknown */
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly startTime?: Timestamp;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip: string }[];
  /** The generation of the spec that this status is of. */
  readonly observedGeneration?: number;
  readonly nominatedNodeName?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  readonly qosClass?: string;
}

export interface Pod extends KubernetesObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodTemplateSpec {
  readonly metadata?: ObjectMeta;
  readonly spec: PodSpec;
}

export interface NodeSpec {
  readonly unschedulable?: boolean;
  readonly taints?: readonly Taint[];
  readonly podCIDR?: string;
  readonly providerID?: string;
}

export interface NodeStatus {
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly conditions?: readonly Condition[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly nodeInfo?: Readonly<Record<string, unknown>>;
  readonly images?: readonly unknown[];
  /** Where the node's agent answers the API server; spelled as Kubernetes does. */
  readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port: number } };
}

export interface Node extends KubernetesObject {
  readonly spec?: NodeSpec;
  readonly status?: NodeStatus;
}

export interface Namespace extends KubernetesObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  /** Active | Terminating */
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

/** core/v1 Event, in the shape that client-go's recorder writes. */
export interface Event extends KubernetesObject {
  readonly involvedObject: ObjectReference;
  readonly reason?: string;
  readonly message?: string;
  /** Normal | Warning */
  readonly type?: string;
  readonly source?: { readonly component?: string; readonly host?: string };
  readonly firstTimestamp?: Timestamp;
  readonly lastTimestamp?: Timestamp;
  readonly count?: number;
  readonly reportingComponent?: string;
  readonly reportingInstance?: string;
}

export interface Binding extends KubernetesObject {
  readonly target: ObjectReference;
}

/** coordination.k8s.io/v1 */
export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number;
  };
}

export interface ServiceAccount extends KubernetesObject {
  readonly secrets?: readonly ObjectReference[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly automountServiceAccountToken?: boolean;
}

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

export type { LabelSelector };
