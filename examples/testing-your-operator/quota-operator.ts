// A small operator, as yours might be: every namespace that names its size gets a ResourceQuota of that size.
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

const sizeLabel = 'example.com/size';
const podsBySize: Readonly<Record<string, string>> = { small: '10', large: '1000' };

/** One round over all namespaces. Doing it twice changes nothing. */
export async function reconcile(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  const { items } = await api.listNamespace({ labelSelector: sizeLabel });
  for (const { metadata } of items) {
    const namespace = metadata?.name ?? '';
    const pods = podsBySize[metadata?.labels?.[sizeLabel] ?? ''];
    if (pods === undefined) continue;
    const { items: present } = await api.listNamespacedResourceQuota({ namespace });
    if (present.some((quota) => quota.metadata?.name === 'size')) continue;
    await api.createNamespacedResourceQuota({
      namespace,
      body: { metadata: { name: 'size' }, spec: { hard: { pods } } },
    });
  }
}
