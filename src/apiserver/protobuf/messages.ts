// The messages that kubectl 1.32 and newer sends as protobuf (its `create` commands and evictions), with Kubernetes'
// field numbers. A field that is not listed makes the request fail; nothing is dropped in silence.
// Kinds of field: string, int, bool, bytes (base64 in JSON), time, quantity, intOrString, or a message of this table,
// after `list` or `map` when there are many. Go writes zero values too; they are absent fields in JSON, except for
// pointers (`?`), which Go writes only when they are set, and fields that must be there (`!`).

export type Messages = Readonly<Record<string, Readonly<Record<number, string>>>>;

const meta: Messages = {
  ObjectMeta: {
    1: 'name string',
    2: 'generateName string',
    3: 'namespace string',
    4: 'selfLink string',
    5: 'uid string',
    6: 'resourceVersion string',
    7: 'generation int',
    8: 'creationTimestamp time',
    9: 'deletionTimestamp time',
    10: 'deletionGracePeriodSeconds int?',
    11: 'labels map string',
    12: 'annotations map string',
    13: 'ownerReferences list OwnerReference',
    14: 'finalizers list string',
  },
  OwnerReference: {
    1: 'kind string',
    3: 'name string',
    4: 'uid string',
    5: 'apiVersion string',
    6: 'controller bool?',
    7: 'blockOwnerDeletion bool?',
  },
  DeleteOptions: {
    1: 'gracePeriodSeconds int?',
    2: 'preconditions Preconditions',
    3: 'orphanDependents bool?',
    4: 'propagationPolicy string',
    5: 'dryRun list string',
    6: 'ignoreStoreReadErrorWithClusterBreakingPotential bool?',
  },
  Preconditions: { 1: 'uid string', 2: 'resourceVersion string' },
  LabelSelector: { 1: 'matchLabels map string', 2: 'matchExpressions list LabelSelectorRequirement' },
  LabelSelectorRequirement: { 1: 'key string', 2: 'operator string', 3: 'values list string' },
};

const core: Messages = {
  Namespace: { 1: 'metadata ObjectMeta', 2: 'spec NamespaceSpec', 3: 'status NamespaceStatus' },
  NamespaceSpec: { 1: 'finalizers list string' },
  NamespaceStatus: { 1: 'phase string' },
  ConfigMap: { 1: 'metadata ObjectMeta', 2: 'data map string', 3: 'binaryData map bytes', 4: 'immutable bool?' },
  Secret: {
    1: 'metadata ObjectMeta',
    2: 'data map bytes',
    3: 'type string',
    4: 'stringData map string',
    5: 'immutable bool?',
  },
  ServiceAccount: {
    1: 'metadata ObjectMeta',
    2: 'secrets list ObjectReference',
    3: 'imagePullSecrets list LocalObjectReference',
    4: 'automountServiceAccountToken bool?',
  },
  ObjectReference: {
    1: 'kind string',
    2: 'namespace string',
    3: 'name string',
    4: 'uid string',
    5: 'apiVersion string',
    6: 'resourceVersion string',
    7: 'fieldPath string',
  },
  LocalObjectReference: { 1: 'name string' },
  Binding: { 1: 'metadata ObjectMeta', 2: 'target ObjectReference' },
  ResourceQuota: { 1: 'metadata ObjectMeta', 2: 'spec ResourceQuotaSpec', 3: 'status ResourceQuotaStatus' },
  ResourceQuotaSpec: { 1: 'hard map quantity', 2: 'scopes list string' },
  ResourceQuotaStatus: { 1: 'hard map quantity', 2: 'used map quantity' },
  PodTemplateSpec: { 1: 'metadata ObjectMeta', 2: 'spec PodSpec' },
  // As far as `kubectl create deployment` fills it.
  PodSpec: {
    2: 'containers list Container',
    3: 'restartPolicy string',
    6: 'dnsPolicy string',
    8: 'serviceAccountName string',
    9: 'serviceAccount string',
    10: 'nodeName string',
    11: 'hostNetwork bool',
    12: 'hostPID bool',
    13: 'hostIPC bool',
    16: 'hostname string',
    17: 'subdomain string',
    19: 'schedulerName string',
    24: 'priorityClassName string',
  },
  Container: {
    1: 'name string',
    2: 'image string',
    3: 'command list string',
    4: 'args list string',
    5: 'workingDir string',
    6: 'ports list ContainerPort',
    8: 'resources ResourceRequirements',
    13: 'terminationMessagePath string',
    14: 'imagePullPolicy string',
    16: 'stdin bool',
    17: 'stdinOnce bool',
    18: 'tty bool',
    20: 'terminationMessagePolicy string',
  },
  ContainerPort: {
    1: 'name string',
    2: 'hostPort int',
    3: 'containerPort int',
    4: 'protocol string',
    5: 'hostIP string',
  },
  ResourceRequirements: { 1: 'limits map quantity', 2: 'requests map quantity' },
};

const apps: Messages = {
  Deployment: { 1: 'metadata ObjectMeta', 2: 'spec DeploymentSpec', 3: 'status DeploymentStatus' },
  DeploymentSpec: {
    1: 'replicas int?',
    2: 'selector LabelSelector',
    3: 'template PodTemplateSpec',
    4: 'strategy DeploymentStrategy',
    5: 'minReadySeconds int',
    6: 'revisionHistoryLimit int?',
    7: 'paused bool',
    9: 'progressDeadlineSeconds int?',
  },
  DeploymentStrategy: { 1: 'type string', 2: 'rollingUpdate RollingUpdateDeployment' },
  RollingUpdateDeployment: { 1: 'maxUnavailable intOrString', 2: 'maxSurge intOrString' },
  DeploymentStatus: {
    1: 'observedGeneration int',
    2: 'replicas int',
    3: 'updatedReplicas int',
    4: 'availableReplicas int',
    5: 'unavailableReplicas int',
    7: 'readyReplicas int',
  },
};

const policy: Messages = {
  Eviction: { 1: 'metadata ObjectMeta', 2: 'deleteOptions DeleteOptions' },
  PodDisruptionBudget: {
    1: 'metadata ObjectMeta',
    2: 'spec PodDisruptionBudgetSpec',
    3: 'status PodDisruptionBudgetStatus',
  },
  PodDisruptionBudgetSpec: {
    1: 'minAvailable intOrString',
    2: 'selector LabelSelector',
    3: 'maxUnavailable intOrString',
    4: 'unhealthyPodEvictionPolicy string',
  },
  PodDisruptionBudgetStatus: {
    1: 'observedGeneration int',
    3: 'disruptionsAllowed int',
    4: 'currentHealthy int',
    5: 'desiredHealthy int',
    6: 'expectedPods int',
  },
  PriorityClass: {
    1: 'metadata ObjectMeta',
    2: 'value int!',
    3: 'globalDefault bool',
    4: 'description string',
    5: 'preemptionPolicy string',
  },
};

const rbac: Messages = {
  Role: { 1: 'metadata ObjectMeta', 2: 'rules list PolicyRule' },
  ClusterRole: { 1: 'metadata ObjectMeta', 2: 'rules list PolicyRule', 3: 'aggregationRule AggregationRule' },
  AggregationRule: { 1: 'clusterRoleSelectors list LabelSelector' },
  PolicyRule: {
    1: 'verbs list string',
    2: 'apiGroups list string',
    3: 'resources list string',
    4: 'resourceNames list string',
    5: 'nonResourceURLs list string',
  },
  RoleBinding: { 1: 'metadata ObjectMeta', 2: 'subjects list Subject', 3: 'roleRef RoleRef' },
  ClusterRoleBinding: { 1: 'metadata ObjectMeta', 2: 'subjects list Subject', 3: 'roleRef RoleRef' },
  Subject: { 1: 'kind string', 2: 'apiGroup string', 3: 'name string', 4: 'namespace string' },
  RoleRef: { 1: 'apiGroup string', 2: 'kind string', 3: 'name string' },
};

/** What `kubectl auth` and `kubectl create token` send. The statuses go out empty. */
const reviews: Messages = {
  SelfSubjectAccessReview: {
    1: 'metadata ObjectMeta',
    2: 'spec SubjectAccessReviewSpec',
    3: 'status SubjectAccessReviewStatus',
  },
  SubjectAccessReview: {
    1: 'metadata ObjectMeta',
    2: 'spec SubjectAccessReviewSpec',
    3: 'status SubjectAccessReviewStatus',
  },
  LocalSubjectAccessReview: {
    1: 'metadata ObjectMeta',
    2: 'spec SubjectAccessReviewSpec',
    3: 'status SubjectAccessReviewStatus',
  },
  SubjectAccessReviewSpec: {
    1: 'resourceAttributes ResourceAttributes',
    2: 'nonResourceAttributes NonResourceAttributes',
    3: 'user string',
    4: 'groups list string',
    6: 'uid string',
  },
  ResourceAttributes: {
    1: 'namespace string',
    2: 'verb string',
    3: 'group string',
    4: 'version string',
    5: 'resource string',
    6: 'subresource string',
    7: 'name string',
  },
  NonResourceAttributes: { 1: 'path string', 2: 'verb string' },
  SubjectAccessReviewStatus: { 1: 'allowed bool', 2: 'reason string', 3: 'evaluationError string', 4: 'denied bool' },
  SelfSubjectRulesReview: {
    1: 'metadata ObjectMeta',
    2: 'spec SelfSubjectRulesReviewSpec',
    3: 'status SubjectRulesReviewStatus',
  },
  SelfSubjectRulesReviewSpec: { 1: 'namespace string' },
  SubjectRulesReviewStatus: { 3: 'incomplete bool', 4: 'evaluationError string' },
  SelfSubjectReview: { 1: 'metadata ObjectMeta', 2: 'status SelfSubjectReviewStatus' },
  SelfSubjectReviewStatus: { 1: 'userInfo UserInfo' },
  UserInfo: { 1: 'username string', 2: 'uid string', 3: 'groups list string' },
  TokenRequest: { 1: 'metadata ObjectMeta', 2: 'spec TokenRequestSpec', 3: 'status TokenRequestStatus' },
  TokenRequestSpec: {
    1: 'audiences list string',
    3: 'boundObjectRef BoundObjectReference',
    4: 'expirationSeconds int?',
  },
  BoundObjectReference: { 1: 'kind string', 2: 'apiVersion string', 3: 'name string', 4: 'uid string' },
  TokenRequestStatus: { 1: 'token string', 2: 'expirationTimestamp time' },
  TokenReview: { 1: 'metadata ObjectMeta', 2: 'spec TokenReviewSpec', 3: 'status TokenReviewStatus' },
  TokenReviewSpec: { 1: 'token string', 2: 'audiences list string' },
  TokenReviewStatus: { 1: 'authenticated bool', 2: 'user UserInfo', 3: 'error string', 4: 'audiences list string' },
};

export const messages: Messages = { ...meta, ...core, ...apps, ...policy, ...rbac, ...reviews };
