// What it costs to read 20,000 pods: Kubernetes protobuf with the fields that the controller reads, against JSON. Each
// way runs in a process of its own, on pages of 500 that it finds in a file: `node bench/decode.ts`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { PartialFields, Pod, Stored } from '../src/api/index.ts';
import { encodeList, encodeMessage } from '../src/client/protobuf/encode.test-support.ts';
import { readObject } from '../src/client/protobuf/envelope.ts';
import { podFields, viewPod } from '../src/core/daemonset/index.ts';

const podsCount = 20_000;
const pageItems = 500;

const ways = ['json, whole objects kept', 'json, views kept', 'protobuf, views kept'] as const;
type Way = (typeof ways)[number];

const [, script, wanted, folder] = process.argv;
function runAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'everynode-decode-'));
  try {
    const pods = Array.from({ length: pageItems }, (_, index) => makePod(index));
    const json = Buffer.from(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: '1' }, items: pods }));
    const protobuf = encodeList(
      'PodList',
      '1',
      pods.map((pod) => encodeMessage(pod, wholePod)),
    );
    writeFileSync(join(folder, 'json'), json);
    writeFileSync(join(folder, 'protobuf'), protobuf);
    const bytes = (page: Buffer) => `${(page.length / pageItems / 1000).toFixed(1)} kB`;
    console.log(
      `${podsCount} pods of ${bytes(json)} (JSON), ${bytes(protobuf)} (protobuf); ${cpus()[0]?.model}, ${cpus().length} cores`,
    );
    console.log('| way | CPU | a pod | heap kept | peak memory |\n|---|---|---|---|---|');
    for (const way of ways) spawnSync(process.execPath, [script!, way, folder], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(way: Way, folder: string): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const page = readFileSync(join(folder, way.startsWith('json') ? 'json' : 'protobuf'));
  read(way, pageFrom(page, 0));
  collect();
  const heapBefore = process.memoryUsage().heapUsed;
  const kept: unknown[] = [];
  let cpuMs = 0;
  for (let from = 0; from < podsCount; from += pageItems) {
    const bytes = pageFrom(page, from);
    const cpuBefore = process.cpuUsage();
    kept.push(read(way, bytes));
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMs += (user + system) / 1000;
  }
  collect();
  const heap = (process.memoryUsage().heapUsed - heapBefore) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1000;
  const each = `${((cpuMs * 1000) / podsCount).toFixed(1)} µs`;
  console.log(`| ${way} | ${cpuMs.toFixed(0)} ms | ${each} | ${heap.toFixed(0)} MB | ${peak.toFixed(0)} MB |`);
  if (kept.length === 0) throw new Error('nothing was read');
}

/** One page stands for all; names and UIDs differ from page to page, as in life. */
function pageFrom(page: Buffer, from: number): Buffer {
  const bytes = Buffer.from(page);
  const marker = Buffer.from('pod-00000');
  const text = Buffer.from(`pod-${String(from).padStart(5, '0')}`);
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + marker.length)) text.copy(bytes, at);
  return bytes;
}

function read(way: Way, bytes: Buffer): unknown {
  if (way === 'protobuf, views kept')
    return (readObject(bytes, podFields)['items'] as Stored<Pod>[]).map((pod) => viewPod(pod));
  const { items } = JSON.parse(bytes.toString()) as { items: Stored<Pod>[] };
  return way === 'json, views kept' ? items.map((pod) => viewPod(pod)) : items;
}

const container: PartialFields = {
  1: ['name', 'string'],
  2: ['image', 'string'],
  4: ['args', 'strings'],
  7: ['env', [{ 1: ['name', 'string'], 2: ['value', 'string'] }]],
  9: ['volumeMounts', [{ 1: ['name', 'string'], 2: ['readOnly', 'boolean'], 3: ['mountPath', 'string'] }]],
  13: ['terminationMessagePath', 'string'],
  14: ['imagePullPolicy', 'string'],
};
const condition: PartialFields = {
  1: ['type', 'string'],
  2: ['status', 'string'],
  4: ['lastTransitionTime', 'time'],
};
const [, metadataFields] = podFields[1] as readonly [string, PartialFields];
const [, specFields] = podFields[2] as readonly [string, PartialFields];
const [, statusFields] = podFields[3] as readonly [string, PartialFields];
/** The fields of `makePod`, by their protobuf numbers; numbers of nobody else's business are Kubernetes' own. */
const wholePod: PartialFields = {
  1: [
    'metadata',
    {
      ...metadataFields,
      12: ['annotations', 'labels'],
      17: [
        'managedFields',
        [
          {
            1: ['manager', 'string'],
            2: ['operation', 'string'],
            3: ['apiVersion', 'string'],
            4: ['time', 'time'],
            6: ['fieldsType', 'string'],
            7: ['fieldsV1', { 1: ['raw', 'string'] }],
          },
        ],
      ],
    },
  ],
  2: [
    'spec',
    {
      1: ['volumes', [{ 1: ['name', 'string'] }]],
      2: ['containers', [container]],
      3: ['restartPolicy', 'string'],
      4: ['terminationGracePeriodSeconds', 'integer'],
      6: ['dnsPolicy', 'string'],
      8: ['serviceAccountName', 'string'],
      ...specFields,
      19: ['schedulerName', 'string'],
      22: ['tolerations', [{ 1: ['key', 'string'], 2: ['operator', 'string'], 4: ['effect', 'string'] }]],
    },
  ],
  3: [
    'status',
    {
      ...statusFields,
      2: ['conditions', [condition]],
      5: ['hostIP', 'string'],
      6: ['podIP', 'string'],
      8: [
        'containerStatuses',
        [{ 1: ['name', 'string'], 4: ['ready', 'boolean'], 6: ['image', 'string'], 7: ['imageID', 'string'] }],
      ],
      9: ['qosClass', 'string'],
    },
  ],
};

function makePod(index: number) {
  const time = '2026-11-23T10:00:00Z';
  const number = String(index).padStart(3, '0');
  const containers = ['fluentd', 'exporter'].map((name) => ({
    name,
    image: `quay.io/fluentd_elasticsearch/${name}:v2.5.2`,
    args: ['--config=/etc/agent/config.yaml', '--log-level=info'],
    env: ['NODE_NAME', 'POD_NAME', 'CLUSTER', 'REGION', 'OUTPUT'].map((key) => ({
      name: key,
      value: `value of ${key}`,
    })),
    volumeMounts: ['varlog', 'containers', 'config', 'kube-api-access'].map((volume) => ({
      name: volume,
      readOnly: true,
      mountPath: `/var/lib/${volume}`,
    })),
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  }));
  const managed = (manager: string, depth: number) => ({
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: { raw: `{"f:metadata":${'{"f:labels":{".":{},"f:app":{}}},'.repeat(depth)}}` },
  });
  return {
    metadata: {
      name: `fluentd-pod-00000-${number}`,
      namespace: 'kube-system',
      uid: `9f3c1d52-pod-00000-8f4e-5b7a1c2d${number}`,
      resourceVersion: String(1_000_000 + index),
      creationTimestamp: time,
      labels: { app: 'fluentd', 'controller-revision-hash': '6d5f8c9b7', 'pod-template-generation': '1' },
      annotations: { 'kubernetes.io/config.source': 'api', checksum: 'a'.repeat(64) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          name: 'fluentd',
          uid: '5f0c8ad1-7a51-4c5e-9d55-8d1a52e9f1aa',
          controller: true,
        },
      ],
      managedFields: [managed('kube-controller-manager', 20), managed('kubelet', 15)],
    },
    spec: {
      volumes: ['varlog', 'containers', 'config', 'kube-api-access'].map((name) => ({ name })),
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'fluentd',
      nodeName: `node-pod-00000-${number}`,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: [`node-pod-00000-${number}`] }] },
            ],
          },
        },
      },
      schedulerName: 'default-scheduler',
      tolerations: [
        'not-ready',
        'unreachable',
        'disk-pressure',
        'memory-pressure',
        'pid-pressure',
        'unschedulable',
      ].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute' })),
    },
    status: {
      phase: 'Running',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: time,
      })),
      hostIP: '10.0.12.7',
      podIP: '10.44.3.9',
      startTime: time,
      containerStatuses: containers.map(({ name, image }) => ({
        name,
        ready: true,
        image,
        imageID: `${image}@sha256:${'0123456789abcdef'.repeat(4)}`,
      })),
      qosClass: 'Burstable',
    },
  };
}

if (wanted === undefined) runAll();
else measure(wanted as Way, folder!);
