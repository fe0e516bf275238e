// The account that a new pod runs as: it has to be there, and its token, the root certificate and the namespace are
// mounted where in-cluster clients look for them (plugin/pkg/admission/serviceaccount).
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
import { type Pod, type PodSpec, type ServiceAccount } from '../../../api/index.ts';
import { sleep } from '../../../machinery/index.ts';
import { forbidden } from '../../errors.ts';
import { keyOf, stored } from '../../storage.ts';
import { generateName } from '../../verbs/metadata.ts';
import type { WriteContext } from '../definition.ts';

const accounts = { storage: 'serviceaccounts', namespaced: true } as const;
const defaultName = 'default';
/** A namespace's default account is made by a controller, a moment after the namespace. */
const defaultAttemptsMax = 10;
const defaultRetryMs = 150;

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** One object for all pods. An odd lifetime: whoever sees it knows that nobody chose it (WarnOnlyBoundTokenExpirationSeconds). */
const tokenVolume = {
  defaultMode: 0o644,
  sources: [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ],
};

type Spec = PodSpec & {
  readonly serviceAccountName?: string;
  readonly serviceAccount?: string;
  readonly automountServiceAccountToken?: boolean;
};
type Container = PodSpec['containers'][number];
type Mount = NonNullable<Container['volumeMounts']>[number];

/** Throws Forbidden when there is no such account. */
export async function withServiceAccount(pod: Pod, context: WriteContext): Promise<PodSpec> {
  const spec: Spec = pod.spec;
  // A node agent compares the mirror of its static pod with the file: nothing is added to it.
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return spec;
  const name = spec.serviceAccountName || spec.serviceAccount || defaultName;
  const account = await accountOf(pod, name, context);
  const pullSecrets = (spec.imagePullSecrets ?? []).length === 0 ? (account.imagePullSecrets ?? []) : [];
  const named: Spec = {
    ...spec,
    serviceAccountName: name,
    serviceAccount: name,
    ...(pullSecrets.length === 0
      ? {}
      : { imagePullSecrets: pullSecrets.map((secret) => ({ name: secret.name ?? '' })) }),
  };
  const wants = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  return wants ? withToken(named, context) : named;
}

async function accountOf(pod: Pod, name: string, { server, definition }: WriteContext): Promise<ServiceAccount> {
  const { namespace = '' } = pod.metadata;
  const attemptsMax = name === defaultName ? defaultAttemptsMax : 1;
  for (let attempt = 1; ; attempt++) {
    const entry = await server.store.get(keyOf(accounts, namespace, name));
    if (entry !== undefined) return stored(entry.value);
    if (attempt === attemptsMax) break;
    await sleep(server.clock, defaultRetryMs);
  }
  throw forbidden(
    definition,
    pod.metadata.name ?? '',
    `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
  );
}

/** Containers that have something of their own at the place keep it. */
function withToken(spec: Spec, context: WriteContext): PodSpec {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix))?.name;
  const name = existing ?? generateName(volumePrefix, context);
  const mount: Mount = { name, readOnly: true, mountPath };
  let isNeeded = false;
  const mounted = (container: Container): Container => {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((other) => other.mountPath === mountPath)) return container;
    isNeeded = true;
    return { ...container, volumeMounts: [...mounts, mount] };
  };
  const initContainers = spec.initContainers?.map(mounted);
  // Validation, which comes later, has not yet said that there are any.
  const containers = (spec.containers as PodSpec['containers'] | undefined)?.map(mounted);
  const volumes =
    isNeeded && existing === undefined ? [...(spec.volumes ?? []), { name, projected: tokenVolume }] : spec.volumes;
  return {
    ...spec,
    ...(initContainers === undefined ? {} : { initContainers }),
    ...(containers === undefined ? {} : { containers }),
    ...(volumes === undefined ? {} : { volumes }),
  };
}
