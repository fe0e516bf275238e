import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { changeLines } from './lines.ts';
import { type Frame, progressBar, renderCluster } from './render.ts';
import type { ClusterState, DaemonSetRow, NodeRow } from './state.ts';
import { coloured, fit, plain } from './text.ts';

const frame: Frame = {
  stateKept: '/home/ada/.everynode',
  columns: 80,
  rows: 40,
  paint: plain,
};
const fluentd: DaemonSetRow = {
  name: 'kube-system/fluentd-elasticsearch',
  desired: 3,
  current: 3,
  ready: 3,
  updated: 3,
  available: 3,
  revision: 1,
  rolling: false,
};
const node = (name: string, over: Partial<NodeRow> = {}): NodeRow => ({
  name,
  ready: true,
  cordoned: false,
  taints: [],
  pods: 1,
  ...over,
});
const settled: ClusterState = {
  daemonSets: [fluentd],
  nodes: [node('node-1'), node('node-2'), node('node-3')],
  events: [],
};

test('a settled cluster shows the DaemonSet and the nodes, within eighty columns', () => {
  assert.equal(
    renderCluster(settled, frame),
    [
      'DAEMONSET                          DESIRED  CURRENT  READY  UPDATED  AVAIL  REV',
      'kube-system/fluentd-elasticsearch        3        3      3        3      3    1',
      '',
      'NODES  3/3 ready, 3 pods',
      'node-1  Ready  1 pod',
      'node-2  Ready  1 pod',
      'node-3  Ready  1 pod',
      '',
      'Ctrl-C stops the cluster. State: /home/ada/.everynode',
    ].join('\n'),
  );
});

test('a rollout under way shows a bar: done, starting, to do', () => {
  const rolling = { ...fluentd, desired: 10, updated: 4, available: 3, rolling: true };
  assert.equal(progressBar(rolling, 80, plain), '████████████▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░ 3/10 nodes');
  assert.match(renderCluster({ ...settled, daemonSets: [rolling] }, frame), /\n {2}█{12}▒{4}░{24} 3\/10 nodes\n/);
  assert.equal(progressBar(rolling, 30, plain), '█████▒░░░░░░░░░░░ 3/10 nodes');
});

test('the bar is always as wide as it is, whatever the counts', () => {
  const count = fc.nat({ max: 20_000 });
  fc.assert(
    fc.property(count, count, count, (desired, updated, available) => {
      const [bar] = progressBar({ desired, updated, available }, 80, plain).split(' ');
      assert.equal(stringWidth(bar!), 40);
    }),
  );
});

test('of a thousand nodes the troubled ones are shown first, then by number', () => {
  const nodes = Array.from({ length: 1_000 }, (_, index) => node(`node-${index + 1}`));
  nodes[499] = node('node-500', { ready: false });
  nodes[699] = node('node-700', { cordoned: true, taints: ['team:NoSchedule'] });
  const text = renderCluster({ ...settled, nodes }, frame);
  assert.match(text, /999\/1000 ready, 1000 pods/);
  const names = [...text.matchAll(/^node-\d+/gm)].map((match) => match[0]);
  assert.deepEqual(names, ['node-500', 'node-700', 'node-1', 'node-2', 'node-3', 'node-4']);
  assert.match(text, /node-700 {2}Ready,SchedulingDisabled {2}1 pod {2}team:NoSchedule/);
  assert.match(text, /… and 994 more nodes/);
});

test('the picture is never larger than the terminal', () => {
  const daemonSets = Array.from({ length: 60 }, (_, index) => ({
    ...fluentd,
    name: `monitoring/节点监控代理-${index}-${'x'.repeat(index)}`,
    rolling: index % 3 === 0,
  }));
  const nodes = Array.from({ length: 12 }, (_, index) =>
    node(`ip-10-0-${index}.eu-central-1.compute.internal`, {
      cordoned: true,
      taints: ['maintenance:NoExecute', 'a:NoSchedule'],
    }),
  );
  const events = Array.from({ length: 30 }, (_, index) => ({
    key: `default/${index}`,
    atMs: 0,
    warning: true,
    reason: 'FailedScheduling',
    about: `pod/代理-${index}`,
    message: '没有可用的节点 '.repeat(40),
    count: 2,
  }));
  for (const [columns, rows] of [
    [80, 24],
    [100, 30],
    [200, 50],
    [200, 200],
  ] as const) {
    const lines = renderCluster({ daemonSets, nodes, events }, { ...frame, columns, rows }).split('\n');
    assert.ok(lines.length <= rows, `${lines.length} lines on ${rows} rows`);
    for (const line of lines) assert.ok(stringWidth(line) <= columns, `${stringWidth(line)} on ${columns}: ${line}`);
    const shown = lines.filter((line) => line.startsWith('monitoring/')).length;
    const hidden = /… and (\d+) more DaemonSets?/.exec(lines.join('\n'))?.[1] ?? 0;
    assert.equal(shown + Number(hidden), daemonSets.length);
  }
});

test('colours change how it looks and not how wide it is', () => {
  const [plainText, colouredText] = [plain, coloured].map((paint) => renderCluster(settled, { ...frame, paint }));
  assert.notEqual(plainText, colouredText);
  const widths = (text: string) => text.split('\n').map((line) => stringWidth(line));
  assert.deepEqual(widths(colouredText!), widths(plainText!));
});

test('cut text fits, also when its characters are two columns wide', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (text, columns) => {
      assert.ok(stringWidth(fit(text, columns)) <= columns);
    }),
  );
  assert.equal(fit('守护进程', 5), '守护…');
  assert.equal(fit('short', 5), 'short');
});

test('without a terminal a line is printed for what changed, and nothing for what did not', () => {
  const empty: ClusterState = { daemonSets: [], nodes: [], events: [] };
  assert.deepEqual(changeLines(empty, settled), [
    'daemonset kube-system/fluentd-elasticsearch: desired 3, current 3, ready 3, up-to-date 3, available 3, revision 1, complete',
    'nodes: 3 of 3 ready',
  ]);
  assert.deepEqual(changeLines(settled, settled), []);
  assert.deepEqual(changeLines(settled, { ...settled, daemonSets: [] }), [
    'daemonset kube-system/fluentd-elasticsearch is gone',
  ]);
  const event = {
    key: 'a/b',
    atMs: 0,
    warning: true,
    reason: 'BackOff',
    about: 'pod/x',
    message: 'back-off',
    count: 1,
  };
  const once = { ...settled, events: [event] };
  assert.deepEqual(changeLines(settled, once), ['warning BackOff pod/x: back-off']);
  assert.deepEqual(changeLines(once, { ...settled, events: [{ ...event, count: 2 }] }), [
    'warning BackOff pod/x: back-off (x2)',
  ]);
});
