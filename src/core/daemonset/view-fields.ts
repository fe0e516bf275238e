// The fields that views.ts reads, and what keeps a picture of them needs (metadata), by protobuf field number. Whoever
// lets viewPod or viewNode read another field adds it here: a test compares views of whole and of partial objects.
import type { PartialFields } from '../../api/index.ts';

const ownerReference: PartialFields = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'boolean'],
};

const condition: PartialFields = {
  1: ['type', 'string'],
  2: ['status', 'string'],
  4: ['lastTransitionTime', 'time'],
};

const nodeSelectorRequirement: PartialFields = {
  1: ['key', 'string'],
  2: ['operator', 'string'],
  3: ['values', 'strings'],
};

const podAffinity: PartialFields = {
  1: [
    'nodeAffinity',
    {
      1: [
        'requiredDuringSchedulingIgnoredDuringExecution',
        { 1: ['nodeSelectorTerms', [{ 2: ['matchFields', [nodeSelectorRequirement]] }]] },
      ],
    },
  ],
};

export const podFields: PartialFields = {
  1: [
    'metadata',
    {
      1: ['name', 'string'],
      3: ['namespace', 'string'],
      5: ['uid', 'string'],
      6: ['resourceVersion', 'string'],
      8: ['creationTimestamp', 'time'],
      9: ['deletionTimestamp', 'time'],
      10: ['deletionGracePeriodSeconds', 'integer'],
      11: ['labels', 'labels'],
      13: ['ownerReferences', [ownerReference]],
    },
  ],
  2: ['spec', { 10: ['nodeName', 'string'], 18: ['affinity', podAffinity] }],
  3: [
    'status',
    { 1: ['phase', 'string'], 2: ['conditions', [condition]], 4: ['reason', 'string'], 7: ['startTime', 'time'] },
  ],
};

export const nodeFields: PartialFields = {
  1: [
    'metadata',
    {
      1: ['name', 'string'],
      5: ['uid', 'string'],
      6: ['resourceVersion', 'string'],
      11: ['labels', 'labels'],
    },
  ],
  2: ['spec', { 5: ['taints', [{ 1: ['key', 'string'], 2: ['value', 'string'], 3: ['effect', 'string'] }]] }],
  3: ['status', { 4: ['conditions', [condition]] }],
};

/** Enough to know who is there, at which version and whose. */
export const ownedFields: PartialFields = {
  1: [
    'metadata',
    {
      1: ['name', 'string'],
      3: ['namespace', 'string'],
      5: ['uid', 'string'],
      6: ['resourceVersion', 'string'],
      13: ['ownerReferences', [ownerReference]],
    },
  ],
};

/** … and since when. */
export const ownedSinceFields: PartialFields = {
  1: ['metadata', { ...(ownedFields[1]![1] as PartialFields), 8: ['creationTimestamp', 'time'] }],
};

/** Enough to know who was made, and at which version. */
export const madeFields: PartialFields = {
  1: [
    'metadata',
    { 1: ['name', 'string'], 3: ['namespace', 'string'], 5: ['uid', 'string'], 6: ['resourceVersion', 'string'] },
  ],
};
