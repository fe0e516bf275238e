// Jobs and cron jobs: stored, run by nobody here. A job's selector and its pods' labels are the server's to choose
// (pkg/registry/batch/job/strategy.go generateSelector).
import type { KubernetesObject, LabelSelector, PodTemplateSpec } from '../../api/index.ts';
import { cronJobColumns, jobColumns } from '../printing/columns/stored.ts';
import type { Loose } from '../printing/columns/common.ts';
import type { ResourceEntry, Strategy } from './definition.ts';
import { templateWarnings } from './template-warnings.ts';

type Job = KubernetesObject & {
  readonly spec: {
    readonly manualSelector?: boolean;
    readonly selector?: LabelSelector;
    readonly template: PodTemplateSpec;
    readonly [field: string]: unknown;
  };
};

const uidLabel = 'batch.kubernetes.io/controller-uid';

const strategy: Strategy<Job> = {
  warnings: templateWarnings('spec.template'),
  prepareForCreate(job) {
    if (job.spec.manualSelector === true) return job;
    const { template, selector } = job.spec;
    const { uid = '', name = '' } = job.metadata;
    const labels = {
      ...template.metadata?.labels,
      'controller-uid': uid,
      'job-name': name,
      [uidLabel]: uid,
      'batch.kubernetes.io/job-name': name,
    };
    const matchLabels = { ...selector?.matchLabels, [uidLabel]: uid };
    return {
      ...job,
      spec: {
        ...job.spec,
        selector: { ...selector, matchLabels },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
  },
};

const common = {
  group: 'batch',
  version: 'v1',
  namespaced: true,
  statusSubresource: true,
  countsGenerations: true,
  categories: ['all'],
};

export const jobEntry: ResourceEntry<Job> = {
  ...common,
  name: 'jobs',
  kind: 'Job',
  columns: jobColumns as unknown as NonNullable<ResourceEntry<Job>['columns']>,
  fields: { 'status.successful': (job) => String(Number((job as unknown as Loose).status?.succeeded ?? 0)) },
  strategy,
};

export const cronJobEntry: ResourceEntry<Loose> = {
  ...common,
  name: 'cronjobs',
  kind: 'CronJob',
  shortNames: ['cj'],
  columns: cronJobColumns,
  strategy: { warnings: templateWarnings('spec.jobTemplate.spec.template') },
};
