// The messages that kubectl 1.32 and newer sends as protobuf, as far as field-numbers.json does not have them, with
// Kubernetes' field numbers. A field that is not listed makes the request fail; nothing is dropped in silence.
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

export const messages: Messages = { ...meta, ...policy, ...rbac, ...reviews };
