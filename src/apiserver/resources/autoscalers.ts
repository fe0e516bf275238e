// HorizontalPodAutoscalers in their two versions: stored as v2, shown in v1 with the CPU target as a field of its own
// and the other metrics in an annotation (pkg/apis/autoscaling/v1/conversion.go). Nobody scales here.
import type { KubernetesObject } from '../../api/index.ts';
import { autoscalerColumns } from '../printing/columns/stored.ts';
import type { Loose } from '../printing/columns/common.ts';
import type { Conversion, ResourceEntry } from './definition.ts';

const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';

interface Metric {
  readonly type: string;
  readonly resource?: { readonly name: string; readonly target?: { readonly averageUtilization?: number } };
}
type Autoscaler = KubernetesObject & {
  readonly spec: Readonly<Record<string, unknown>> & { readonly metrics?: readonly Metric[] };
};

const isCpu = ({ type, resource }: Metric) =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target?.averageUtilization !== undefined;
const cpuMetric = (averageUtilization: number): Metric => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } as { averageUtilization: number } },
});

const conversion: Conversion = {
  toStored(object) {
    const { targetCPUUtilizationPercentage: cpu, ...spec } = (object as Autoscaler).spec;
    const { [metricsAnnotation]: kept, ...annotations } = object.metadata.annotations ?? {};
    const metrics = [...metricsIn(kept), ...(typeof cpu === 'number' ? [cpuMetric(cpu)] : [])];
    const metadata = kept === undefined ? object.metadata : { ...object.metadata, annotations };
    return {
      ...object,
      apiVersion: 'autoscaling/v2',
      metadata,
      spec: metrics.length === 0 ? spec : { ...spec, metrics },
    } as KubernetesObject;
  },
  fromStored(object) {
    const { metrics = [], behavior: _, ...spec } = (object as Autoscaler).spec;
    const cpu = metrics.find(isCpu)?.resource?.target?.averageUtilization;
    const others = metrics.filter((metric) => !isCpu(metric));
    const annotations = { ...object.metadata.annotations, [metricsAnnotation]: JSON.stringify(others) };
    return {
      ...object,
      apiVersion: 'autoscaling/v1',
      metadata: others.length === 0 ? object.metadata : { ...object.metadata, annotations },
      spec: cpu === undefined ? spec : { ...spec, targetCPUUtilizationPercentage: cpu },
    } as KubernetesObject;
  },
};

function metricsIn(text: string | undefined): readonly Metric[] {
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as readonly Metric[]) : [];
  } catch (error) {
    // Anybody may write an annotation; one that is no JSON says nothing.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

const common: ResourceEntry<Loose> = {
  group: 'autoscaling',
  version: 'v2',
  name: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
  shortNames: ['hpa'],
  categories: ['all'],
  statusSubresource: true,
  columns: autoscalerColumns,
};

export const autoscalerEntries: readonly ResourceEntry<Loose>[] = [common, { ...common, version: 'v1', conversion }];
