// What every namespace has without being asked: the service account `default`, and the config map `kube-root-ca.crt`
// by which pods know the API server (kube-controller-manager's serviceaccount and root-ca-certificate-publisher).
// https://kubernetes.io/docs/concepts/security/service-accounts/#default-service-accounts
import {
  type ConfigMap,
  isReason,
  type KubernetesObject,
  resources,
  StatusError,
  type Stored,
} from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import { composeController, createWorkQueue, type RunningController, startReflector } from '../../machinery/index.ts';

export interface ServiceAccountsOptions extends ControllerContext {
  /** The PEM certificate of the authority that signed the API server's. */
  readonly rootCertificate: string;
}

const accountName = 'default';
const rootCertificateName = 'kube-root-ca.crt';
const certificateKey = 'ca.crt';
const description = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};
const concurrency = 8;

export function runServiceAccounts(options: ServiceAccountsOptions): RunningController {
  const { client, clock, random, signal, rootCertificate } = options;
  const log = options.log.child({ controller: 'service-accounts' });

  const ensureAccount = async (namespace: string): Promise<void> => {
    if (accounts.get(`${namespace}/${accountName}`) !== undefined) return;
    await create(client.create(resources.serviceAccounts, { metadata: { namespace, name: accountName } }, { signal }));
  };

  const ensureRootCertificate = async (namespace: string): Promise<void> => {
    const present = configMaps.get(`${namespace}/${rootCertificateName}`);
    const data = { [certificateKey]: rootCertificate };
    if (present === undefined) {
      const metadata = { namespace, name: rootCertificateName, annotations: description };
      await create(client.create<ConfigMap>(resources.configMaps, { metadata, data }, { signal }));
      return;
    }
    const isRight = present.data?.[certificateKey] === rootCertificate && Object.keys(present.data).length === 1;
    if (!isRight) await client.update<ConfigMap>(resources.configMaps, { ...present, data }, { signal });
  };

  const queue = createWorkQueue<string>({
    clock,
    concurrency,
    signal,
    async work(namespace) {
      // Before the lists are in, everything would look missing.
      await synced;
      if (namespaces.get(namespace) === undefined) return;
      await Promise.all([ensureAccount(namespace), ensureRootCertificate(namespace)]);
    },
    onFailure(namespace, error, failures, retryAfterMs) {
      const level = isReason(error, 'Conflict', 'NotFound') ? 'debug' : 'warn';
      log[level]('default objects of a namespace failed', { namespace, failures, retryAfterMs, error });
    },
  });

  const shared = { clock, random, log, signal };
  const namespaces = startReflector({
    ...shared,
    source: listWatch(client, resources.namespaces),
    project: ({ metadata }) => (metadata.deletionTimestamp === undefined ? metadata.name : undefined),
    handlers: { applied: (name) => queue.add(name), removed: (name) => queue.forget(name) },
  });
  const wake = ({ metadata }: KubernetesObject) => queue.add(metadata.namespace ?? '');
  const accounts = startReflector({
    ...shared,
    source: listWatch(client, resources.serviceAccounts, { fieldSelector: `metadata.name=${accountName}` }),
    project: ({ metadata }) => ({ metadata: { namespace: metadata.namespace ?? '' } }),
    handlers: { applied() {}, removed: wake },
  });
  const configMaps = startReflector<Stored<ConfigMap>, Stored<ConfigMap>>({
    ...shared,
    source: listWatch(client, resources.configMaps, { fieldSelector: `metadata.name=${rootCertificateName}` }),
    project: (configMap) => configMap,
    handlers: { applied: wake, removed: wake },
  });
  const controller = composeController('service-accounts', [namespaces, accounts, configMaps, queue]);
  const { synced } = controller;
  return controller;
}

/** Somebody else may have been first, and a namespace on its way out takes nothing new: both are well. */
async function create(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
  }
}

/** Forbidden with the cause NamespaceTerminating (admission plugin NamespaceLifecycle). */
function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
  );
}
